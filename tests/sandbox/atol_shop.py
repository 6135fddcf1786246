""" ATOL Online: a shop with a login for v4 and one for v5, its documents. Nothing but HTTP. """

import json

import requests

TIMEOUT = 20
API = '/atol/possystem'
COMPANY = {'email': 'shop@romashka.example.com', 'sno': 'usn_income', 'inn': '9900000017',
           'payment_address': 'https://romashka.example.com'}
LINE_V4 = {
    'name': 'Занятие', 'price': 100.25, 'quantity': 2, 'sum': 200.5, 'measurement_unit': 'шт',
    'payment_method': 'full_payment', 'payment_object': 'service', 'vat': {'type': 'none'},
}
LINE_V5 = {**{name: value for name, value in LINE_V4.items() if name != 'measurement_unit'},
           'payment_object': 4, 'measure': 0}
LINES = {'v4': LINE_V4, 'v5': LINE_V5}
AGENT = {
    'type': 'another', 'paying_agent': {'operation': 'x' * 24, 'phones': ['+79990000000']},
    'receive_payments_operator': {'phones': ['9990000000']},
    'money_transfer_operator': {'phones': ['+79990000000'], 'name': 'x' * 64, 'address': 'Москва',
                                'inn': '9900000017'},
}
SUPPLIER = {'phones': ['+79990000000'], 'name': 'Поставщик', 'inn': '990000000299'}
SECTORAL = [{'federal_id': '030', 'date': '21.11.2023', 'number': '1944',
             'value': 'UUID=1&Time=2'}]
CASHLESS = [{'sum': 200, 'method': 255, 'id': 'x' * 256, 'additional_info': 'x' * 256}]


def receipt(version, **values):
    """ Return the least receipt, with some fields changed. None leaves a field out. """
    content = {
        'client': {'email': 'buyer@example.com'}, 'company': COMPANY, 'items': [LINES[version]],
        'payments': [{'type': 1, 'sum': 200.5}], 'total': 200.5, **values,
    }
    return {name: value for name, value in content.items() if value is not None}


def request_of(name, content, **values):
    """ Return a whole request. """
    return {'external_id': 'SO1-1', 'timestamp': '01.03.2026 12:00:00', name: content, **values}


def correction(version, **values):
    """ Return the least correction. None leaves a field out. """
    info = {'type': 'self', 'base_date': '31.12.2025', 'base_number': '17'}
    if version == 'v5':
        return receipt(version, correction_info=info, **values)
    content = {
        'company': {name: value for name, value in COMPANY.items() if name != 'email'},
        'correction_info': info, 'payments': [{'type': 1, 'sum': 200.5}],
        'vats': [{'type': 'none', 'sum': 200.5}], **values,
    }
    return {name: value for name, value in content.items() if value is not None}


_MORE = {
    'cashier': 'Василёк', 'device_number': 'x' * 20, 'internet': True,
    'vats': [{'type': 'vat22', 'sum': 36.16}], 'additional_check_props': 'x' * 16,
    'additional_user_props': {'name': 'Заказ', 'value': '17'}, 'cashless_payments': CASHLESS,
    'payments': [{'type': 1, 'sum': 200}, {'type': 2, 'sum': 0.5}],
}
_MORE_LINE = {
    'agent_info': AGENT, 'supplier_info': SUPPLIER, 'user_data': 'x' * 64, 'excise': 1.5,
    'country_code': '643', 'declaration_number': 'x' * 32, 'vat': {'type': 'vat22', 'sum': 36.16},
}
_PERSON = {'email': 'buyer@example.com', 'phone': '+79990000000', 'name': 'Ромашка В.',
           'inn': '990000000299'}
# Every field that each version has.
FULL = {
    'v4': request_of('receipt', receipt(
        'v4', **_MORE, client=_PERSON, company={**COMPANY, 'location': 'Москва'},
        agent_info=AGENT, supplier_info=SUPPLIER,
        items=[{**LINE_V4, **_MORE_LINE, 'nomenclature_code': '44 4D 01 00'}],
    ), service={'callback_url': 'https://shop.example/atol'}, source_id=1),
    'v5': request_of('receipt', receipt(
        'v5', **_MORE, cashier_inn='990000000299', sectoral_check_props=SECTORAL,
        operating_check_props={'name': '0', 'value': 'x', 'timestamp': '31.12.2025 23:59:59'},
        client={**_PERSON, 'birthdate': '31.12.1990', 'citizenship': '643', 'document_code': '21',
                'document_data': '00 00 000000', 'address': 'Москва'},
        company={**COMPANY, 'location': 'Москва'},
        items=[{**LINE_V5, **_MORE_LINE, 'price': 200.5, 'quantity': 1, 'payment_object': 33,
                'mark_code': {'gs1m': 'MDEwNDYwMDAwMDAwMDAwMDAy'}, 'mark_processing_mode': '0',
                'planned_status': 2, 'mark_quantity': {'numerator': 1, 'denominator': 2},
                'sectoral_item_props': SECTORAL, 'wholesale': False}],
    ), service={'callback_url': 'https://shop.example/atol'}, source_id=1, ism_optional=True),
}


class AtolShop:
    """ A shop of one version of the protocol.

    :param Api api: The client of the control.
    :param str version: `v4` or `v5`.
    """

    def __init__(self, api, version):
        self.api = api
        self.version = version
        self.credentials = api.control('credentials')['atol'][version]
        self.group = self.credentials['group_code']
        self.token = self.get_token().json()['token']

    def control(self, path, verb=None, /, **values):
        """ Call the control API of ATOL Online. """
        return self.api.control(f'atol/{path}', verb, **values)

    def wrong_control(self, path, **values):
        """ Call the control API in vain. :return: The explanation. """
        answer = self.api.http.post(
            f'{self.api.url}/_control/atol/{path}', json=values, timeout=TIMEOUT)
        assert answer.status_code == 400, answer.text
        return answer.json()['error']

    def get_token(self, version=None, **values):
        """ Ask for a token. :rtype: requests.Response """
        return self.api.http.post(
            f'{self.api.url}{API}/{version or self.version}/getToken', timeout=TIMEOUT,
            json={'login': self.credentials['login'], 'pass': self.credentials['password'],
                  **values})

    def call(self, method, path, raw=None, token=None, version=None, headers=None):
        """ Call the API under the group. :rtype: requests.Response """
        token = self.token if token is None else token
        group, _slash, rest = path.partition('/') if '/' in path else (self.group, '', path)
        return self.api.http.request(
            method, f'{self.api.url}{API}/{version or self.version}/{group or self.group}/{rest}',
            data=raw, timeout=TIMEOUT, headers={
                'Token': token, 'Content-Type': 'application/json; charset=utf-8',
                **(headers or {})})

    def post(self, content, operation='sell', **options):
        """ Register a document. :rtype: requests.Response """
        return self.call('POST', operation, json.dumps(content).encode(), **options)

    def sell(self, operation='sell', external_id='SO1-1', service=None, **values):
        """ Register a good document. :return: Its uuid. """
        name = 'correction' if operation.endswith('correction') else 'receipt'
        content = (correction if name == 'correction' else receipt)(self.version, **values)
        content = request_of(name, content, external_id=external_id,
                             **({'service': service} if service else {}))
        answer = self.post(content, operation)
        assert answer.status_code == 200, answer.text
        assert answer.json()['status'] == 'wait' and answer.json()['error'] is None
        return answer.json()['uuid']

    def refused(self, content, operation='sell', code=32, status=400):
        """ Register a document in vain. :return: The text of the error. """
        answer = self.post(content, operation)
        assert (answer.status_code, answer.json()['error']['code']) == (status, code), answer.text
        assert self.control('documents') == []
        return answer.json()['error']['text']

    def report(self, number):
        """ Read a report. """
        answer = self.call('GET', f'{self.group}/report/{number}')
        assert answer.status_code == 200, answer.text
        return answer.json()

    def final(self, number):
        """ Read a report when the till has had all its time. """
        self.api.pass_time()
        report = self.report(number)
        assert report['status'] in ('done', 'fail')
        return report

    def printed(self):
        """ Return what was printed: the external ids. """
        return [entry['key'] for entry in self.control('ledger')]


def no_answer(call):
    """ Return whether a call gets no answer. """
    try:
        call()
    except requests.exceptions.RequestException:
        return True
    return False
