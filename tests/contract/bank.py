""" The sandbox as seen over HTTP, every answer held against the bank's file on the way. """

import json
import uuid

import requests

from .openapi import QUOTED, STRICT

PURPOSE = 'Оплата по счёту INV/2026/00007'
RECEIPT = {
    'Client': {'email': 'payer@example.com', 'name': 'Иванов Иван', 'phone': '+79990001122'},
    'Items': [
        {'name': 'Занятие', 'amount': 1000, 'quantity': 1, 'vatType': 'none',
         'paymentMethod': 'full_payment', 'paymentObject': 'service', 'measure': 'шт.'},
        {'name': 'Учебник', 'amount': 234.5, 'quantity': 1, 'vatType': 'vat10',
         'paymentMethod': 'full_payment', 'paymentObject': 'goods'},
    ],
    'taxSystemCode': 'usn_income',
    'Supplier': {'phone': '+79990001133', 'name': 'ООО «Поставщик»', 'taxCode': '9900000017'},
}


class Bank:
    """ Calls the sandbox.

    :param str url: Where the sandbox is.
    :param Contract contract: The bank's file.
    """

    def __init__(self, url, contract):
        self.url = url
        self.contract = contract
        self.session = requests.Session()
        self.session.trust_env = False
        self.quoted = False  # whether answers may quote amounts
        self.seen = []  # (method, template, status) of each call
        credentials = self.control('reset', {})
        self.token = credentials['token']
        self.client_id = credentials['client_id']
        self.customer_code = credentials['customer_code']
        self.merchant_id = credentials['merchant_id']

    def control(self, path, body=None, method=None):
        """ Use the control API, which is no part of the contract. """
        answer = self.session.request(
            method or ('GET' if body is None else 'POST'), f'{self.url}/_control/{path}', json=body
        )
        answer.raise_for_status()
        return answer.json()

    def call(self, method, path, body=None, *, expect=200, token=None, valid=True, **query):
        """ Call the API and check request and answer.

        :param int expect: The status that must come.
        :param bool valid: Whether the request is one that the bank describes.
        :return: The body's JSON.
        :rtype: dict
        :raise AssertionError: If request or answer are not as the bank describes them.
        """
        answer = self.session.request(
            method, f'{self.url}/uapi/{path}', json=body, params=query,
            headers={'Authorization': f'Bearer {token or self.token}'},
        )
        target = answer.request.path_url
        if valid:
            assert self.contract.request_errors(method, target, body) == []
        assert answer.status_code == expect, answer.text
        content = answer.json()
        self.seen.append((method, self.contract.find(method, target)[0], expect))
        assert self.contract.answer_errors(
            method, target, expect, answer.headers['Content-Type'], content,
            QUOTED if self.quoted else STRICT,
        ) == [], json.dumps(content, ensure_ascii=False)
        return content

    # === STEPS === #

    def create(self, *, receipt=False, expect=200, **values):
        """ Create an operation. :return: `Data` of the answer, or the error envelope. """
        data = {
            'customerCode': self.customer_code, 'amount': '1234.50', 'purpose': PURPOSE,
            'paymentMode': ['sbp', 'card', 'tinkoff', 'dolyame'], 'merchantId': self.merchant_id,
            'paymentLinkId': f'INV-{uuid.uuid4().hex[:12]}', 'ttl': 60,
            'redirectUrl': 'https://shop.example/return?a=1',
            'failRedirectUrl': 'https://shop.example/declined', **(RECEIPT if receipt else {}),
            **values,
        }
        data = {name: value for name, value in data.items() if value is not None}
        path = 'acquiring/v1.0/payments' + ('_with_receipt' if receipt else '')
        answer = self.call('POST', path, {'Data': data}, expect=expect)
        return answer['Data'] if expect == 200 else answer

    def create_with_receipt(self, **values):
        """ Create an operation at the shop that has a till. """
        world = self.control('world')
        code, shop = next(
            (code, shop) for code, shops in world['retailers'].items() for shop in shops
            if shop.get('cashbox')
        )
        return self.create(
            receipt=True, customerCode=code, merchantId=shop['merchantId'],
            paymentMode=shop['paymentModes'], **values,
        )

    def paid(self, method='card', **values):
        """ Create an operation and pay it. :return: Its id. """
        operation_id = self.create(**values)['operationId']
        self.control(f'pay/{operation_id}', {'method': method})
        return operation_id

    def read(self, operation_id, **options):
        """ Read an operation. """
        answer = self.call('GET', f'acquiring/v1.0/payments/{operation_id}', **options)
        (operation,) = answer['Data']['Operation']
        return operation

    def refund(self, operation_id, amount, **options):
        """ Return money. """
        return self.call('POST', f'acquiring/v1.0/payments/{operation_id}/refund',
                         {'Data': {'amount': amount}}, **options)

    def subscribe(self, url, method='PUT', types=('acquiringInternetPayment',), **options):
        """ Register an address. """
        return self.call(method, f'webhook/v1.0/{self.client_id}',
                         {'webhooksList': list(types), 'url': url}, **options)
