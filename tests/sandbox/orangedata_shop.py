""" OrangeData: a shop with its certificate and its key. Nothing but HTTPS. """

import base64
import json
import ssl
import tempfile

import urllib3
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_pem_private_key

TIMEOUT = 20
INN = '9900000017'
LINES = {
    2: {'text': 'Занятие', 'quantity': 2, 'price': 100.25, 'tax': 6, 'paymentMethodType': 4,
        'paymentSubjectType': 4, 'unitOfMeasurement': 'шт'},
    4: {'text': 'Занятие', 'quantity': 2, 'price': 100.25, 'tax': 6, 'paymentMethodType': 4,
        'paymentSubjectType': 4, 'quantityMeasurementUnit': 0},
}
CLOSE = {'payments': [{'type': 2, 'amount': 200.5}], 'taxationSystem': 1}
INDUSTRY = {'foivId': '030', 'causeDocumentDate': '21.11.2023', 'causeDocumentNumber': '1944',
            'value': 'UUID=1&Time=2'}
AGENT = {
    'paymentTransferOperatorPhoneNumbers': ['+79990000001'], 'paymentAgentOperation': 'x' * 24,
    'paymentAgentPhoneNumbers': ['+79990000002'], 'paymentOperatorPhoneNumbers': ['+79990000003'],
    'paymentOperatorName': 'Оператор', 'paymentOperatorAddress': 'Москва',
    'paymentOperatorINN': INN,
}
MARK = {'itemCode': '0104600000000000215Qbag!\x1d93Zjqw', 'plannedStatus': 1, 'quantity': 1,
        'price': 200.5, 'paymentSubjectType': 33}
BARCODES = {
    'ean8': '1' * 8, 'ean13': '1' * 13, 'itf14': '1' * 14, 'gs1': 'x' * 38, 'mi': 'x' * 20,
    'egais20': 'x' * 23, 'egais30': 'x' * 14, **{f'f{number}': 'x' * 32 for number in range(1, 7)},
}


def receipt(version=4, **values):
    """ Return the least content, with some fields changed. None leaves a field out. """
    content = {
        'ffdVersion': version, 'type': 1, 'customerContact': 'buyer@example.com',
        'positions': [LINES[version]], 'checkClose': CLOSE, **values,
    }
    return {name: value for name, value in content.items() if value is not None}


def correction12(**values):
    """ Return the least correction of FFD 1.2. """
    return receipt(**{'correctionType': 0, 'causeDocumentDate': '2025-12-31T00:00:00', **values})


def correction(**values):
    """ Return the least correction of FFD 1.05. None leaves a field out. """
    content = {
        'ffdVersion': 2, 'type': 1, 'correctionType': 0, 'taxationSystem': 1,
        'causeDocumentDate': '2025-12-31T00:00:00', 'totalSum': 200.5, 'eCashSum': 200.5, **values,
    }
    return {name: value for name, value in content.items() if value is not None}


def request_of(content, **values):
    """ Return a whole request. None leaves a field out. """
    group = 'Main_2' if content.get('ffdVersion') == 4 else 'Main'
    request = {'id': 'SO1-1', 'inn': INN, 'group': group, 'key': f'{INN}_4521',
               'content': content, **values}
    return {name: value for name, value in request.items() if value is not None}


_ELECTRONIC = {'payments': [{'amount': 200.5, 'type': 255, 'id': 'x' * 256,
                             'additionalInfo': 'x' * 256}]}
_MORE = {
    'checkClose': {**CLOSE, 'electronicPaymentsInfo': _ELECTRONIC}, 'automatNumber': 'x' * 20,
    'settlementAddress': 'Москва', 'settlementPlace': 'https://shop.example', 'cashier': 'Василёк',
    'cashierINN': '990000000299', 'senderEmail': 'shop@example.com', 'isInternetStore': True,
    'useTax20': False, 'additionalUserAttribute': {'name': 'Заказ', 'value': '17'},
    'additionalAttribute': 'x' * 16, 'totalSum': 200.5, 'timeZone': 2,
    **{f'vat{number}Sum': number for number in range(1, 11)},
}
_MORE_LINE = {
    'tax': 1, 'taxSum': 36.16, 'supplierInfo': {'phoneNumbers': ['+79990000000'],
                                               'name': 'Поставщик'},
    'supplierINN': '990000000299', 'agentType': 64, 'agentInfo': AGENT,
    'additionalAttribute': 'x' * 64, 'manufacturerCountryCode': '643',
    'customsDeclarationNumber': 'x' * 32, 'excise': 1.5, 'unitTaxSum': 18.08,
}
_MORE_REQUEST = {'group': 'Courier', 'callbackUrl': 'https://shop.example/od', 'meta': 'x' * 128,
                 'callbackApiKey': 'x' * 3072, 'ignoreItemCodeCheck': True}
# Every field that each version has, but for `industryAttributes` beside `industryAttribute`.
FULL = {
    2: request_of(receipt(
        2, **_MORE, customer='Ромашка В.', customerINN='990000000299', agentType=1, **AGENT,
        supplierPhoneNumbers=['+79990000000'],
        positions=[{**LINES[2], **_MORE_LINE,
                    'nomenclatureCode': base64.b64encode(b'x' * 32).decode()}],
    ), **_MORE_REQUEST),
    4: request_of(receipt(
        4, **_MORE, industryAttribute=INDUSTRY,
        customerInfo={'name': 'Ромашка В.', 'inn': '990000000299', 'birthDate': '31.12.1990',
                      'citizenship': '643', 'identityDocumentCode': '21',
                      'identityDocumentData': '00 00 000000', 'address': 'Москва'},
        operationalAttribute={'date': '2025-12-31T23:59:59', 'id': 255, 'value': 'x' * 64},
        positions=[{**LINES[4], **_MORE_LINE, **MARK, 'plannedStatus': 2, 'assignedStatus': 255,
                    'fractionalQuantity': {'numerator': 1, 'denominator': 2},
                    'industryAttribute': INDUSTRY, 'barcodes': BARCODES}],
    ), **{**_MORE_REQUEST, 'group': 'Courier_2'}),
}


class Answer:
    """ What came back. """

    def __init__(self, answer):
        self.status, self.headers, self.raw = answer.status, answer.headers, answer.data

    def json(self):
        """ Return the content. """
        return json.loads(self.raw)


def connection(credentials, certificate=True):
    """ Return HTTPS that trusts the register's authority alone.

    :param bool certificate: Whether a client certificate is shown.
    """
    context = ssl.create_default_context(cadata=credentials['ca'])
    if certificate:
        with tempfile.NamedTemporaryFile('w', suffix='.pem') as chain:
            chain.write(credentials['client_cert'] + credentials['client_key'])
            chain.flush()
            context.load_cert_chain(chain.name, password=credentials['client_key_password'])
    return urllib3.PoolManager(ssl_context=context, retries=False, timeout=TIMEOUT)


class OrangedataShop:
    """ A shop of the register.

    :param Api api: The client of the control.
    """

    def __init__(self, api):
        self.api = api
        self.credentials = api.control('credentials?orangedata=1')['orangedata']
        self.http = connection(self.credentials)
        self.load_key(self.credentials['sign_key'])

    def load_key(self, pem):
        """ Sign by this key from now on. """
        self.sign_key = load_pem_private_key(pem.encode(), None)

    def control(self, path, verb=None, /, **values):
        """ Call the control API of OrangeData. """
        return self.api.control(f'orangedata/{path}', verb, **values)

    def wrong_control(self, path, **values):
        """ Call the control API in vain. :return: The explanation. """
        answer = self.api.http.post(
            f'{self.api.url}/_control/orangedata/{path}', json=values, timeout=TIMEOUT)
        assert answer.status_code == 400, answer.text
        return answer.json()['error']

    def sign(self, raw):
        """ Return the signature of a body. """
        return base64.b64encode(
            self.sign_key.sign(raw, padding.PKCS1v15(), hashes.SHA256())).decode()

    def call(self, method, path, raw=None, signature=None):
        """ Call the API. None signs what is sent. :rtype: Answer """
        headers = {'Content-Type': 'application/json; charset=utf-8'}
        if raw is not None:
            headers['X-Signature'] = self.sign(raw) if signature is None else signature
        return Answer(self.http.request(
            method, f'{self.credentials["url"]}/api/v2/{path}', body=raw, headers=headers))

    def post(self, content, kind='documents', **options):
        """ Send a document. :rtype: Answer """
        return self.call('POST', f'{kind}/', json.dumps(content).encode(), **options)

    def sell(self, number='SO1-1', version=4, request=None, **values):
        """ Send a good receipt. :return: Its id. """
        answer = self.post(request_of(receipt(version, **values), id=number, **(request or {})))
        assert (answer.status, answer.raw) == (201, b''), answer.raw.decode()
        return number

    def refused(self, content, kind='documents'):
        """ Send a document in vain. :return: The errors, as one text. """
        answer = self.post(content, kind)
        assert answer.status == 400, (answer.status, answer.raw.decode())
        errors = answer.json()
        assert set(errors) == {'errors'} and errors['errors']
        assert self.control('documents') == []
        return '; '.join(errors['errors'])

    def status(self, number='SO1-1', kind='documents', inn=INN):
        """ Ask for a status. :rtype: Answer """
        return self.call('GET', f'{kind}/{inn}/status/{number}')

    def final(self, number='SO1-1'):
        """ Ask for a status when the till has had all its time. :rtype: Answer """
        self.api.pass_time()
        answer = self.status(number)
        assert answer.status != 202
        return answer

    def printed(self):
        """ Return what was printed: the ids. """
        return [entry['key'] for entry in self.control('ledger')]


def no_answer(call):
    """ Return whether a call gets no answer. """
    try:
        call()
    except urllib3.exceptions.HTTPError:
        return True
    return False
