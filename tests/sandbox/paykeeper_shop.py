""" PayKeeper: a shop with a user of the cabinet and a token. Nothing but HTTP. """

import json

TIMEOUT = 20
API = '/paykeeper'
ITEM = {'name': 'Занятие', 'price': 100.25, 'quantity': 2, 'sum': 200.5, 'tax': 'none',
        'item_type': 'service', 'payment_type': 'full'}
# Every field of a line.
FULL_ITEM = {
    'name': 'x' * 128, 'price': 200.5, 'quantity': 1, 'sum': 200.5, 'tax': 'vat22',
    'item_type': 'goods_coded', 'payment_type': 'prepay', 'item_id': 17, 'item_code': '0104600' * 4,
    'items_in_package': 4, 'items_sold_from_package': 1, 'measure': 'pcs', 'item_country': '643',
    'customs_declaration': 'x' * 32, 'excise': 1.5,
}
FORM = {
    'payment_id': '', 'type': 'sale', 'is_post_sale': 'false', 'is_correction': 'false',
    'refund_id': '', 'contact': 'buyer@example.com', 'sum_cashless': '200.50', 'sum_cash': '0',
    'sum_advance': '0', 'sum_credit': '0', 'sum_counter_payment': '0', 'receipt_key': 'SO1-1',
}


class PaykeeperShop:
    """ A shop.

    :param Api api: The client of the control.
    """

    def __init__(self, api):
        self.api = api
        self.credentials = api.control('credentials')['paykeeper']
        self.user = self.credentials['user'], self.credentials['password']
        self.token = self.get('info/settings/token/')['token']

    def control(self, path, verb=None, /, **values):
        """ Call the control API of PayKeeper. """
        return self.api.control(f'paykeeper/{path}', verb, **values)

    def wrong_control(self, path, **values):
        """ Call the control API in vain. :return: The explanation. """
        answer = self.api.http.post(
            f'{self.api.url}/_control/paykeeper/{path}', json=values, timeout=TIMEOUT)
        assert answer.status_code == 400, answer.text
        return answer.json()['error']

    def call(self, method, path, **options):
        """ Call the API. :rtype: requests.Response """
        return self.api.http.request(
            method, f'{self.api.url}{API}/{path}',
            **{'auth': self.user, 'timeout': TIMEOUT, **options})

    def get(self, path, **params):
        """ Read. :return: The answer. """
        answer = self.call('GET', path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path, **fields):
        """ Change something. None leaves a field out. :rtype: requests.Response """
        form = {'token': self.token, **fields}
        return self.call('POST', path, data={
            name: value for name, value in form.items() if value is not None})

    def print_(self, cart=None, **fields):
        """ Order a receipt. :rtype: requests.Response """
        cart = cart if isinstance(cart, str) else json.dumps([ITEM] if cart is None else cart)
        return self.post('change/receipt/print/', **{**FORM, 'cart': cart, **fields})

    def ordered(self, cart=None, **fields):
        """ Order a good receipt. :return: Its number. """
        answer = self.print_(cart, **fields)
        assert answer.status_code == 200 and 'receipt_id' in answer.json(), answer.json()
        return answer.json()['receipt_id']

    def refused(self, cart=None, **fields):
        """ Order a receipt in vain. :return: The explanation. """
        return self.failed(self.print_(cart, **fields))

    def failed(self, answer):
        """ Return the explanation of a refusal. """
        assert answer.status_code == 200, answer.text
        assert set(answer.json()) == {'result', 'msg'} and answer.json()['result'] == 'fail'
        return answer.json()['msg']

    def read(self, number):
        """ Read a receipt. """
        [receipt] = self.get('info/receipts/byid/', id=number)
        return receipt

    def step(self, **values):
        """ Let the till work. """
        return self.control('step', 'POST', **values)

    def final(self, number):
        """ Read a receipt when the till has had all its time. """
        self.api.pass_time()
        receipt = self.read(number)
        assert receipt['status'] != 'created'
        return receipt

    def pay(self, **values):
        """ Let a customer pay. :return: The payment. """
        cart = [{**ITEM, 'payment_type': 'prepay', 'item_type': 'goods'}]
        return self.control('payments', **{
            'cart': cart, 'contact': 'buyer@example.com', 'orderid': 'SO1', **values})

    def printed(self):
        """ Return what was printed: the keys. """
        return [entry['key'] for entry in self.control('ledger')]
