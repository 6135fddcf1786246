""" What KOMTET Kassa's requests, answers and callbacks share: the signature and the refusal.

KOMTET's own SDKs are the source of the recipe (komtet_kassa_sdk 8.1.0, PHP SDK 11.1.0).
"""

import hashlib
import hmac

from flask import jsonify

PREFIX = '/komtet/api/'

# AUT00 and VLD11 are KOMTET's. Its full list was not readable, so VLD00 is ours, as the titles are.
TITLES = {
    'AUT00': 'Ошибка авторизации',
    'VLD00': 'Ошибка проверки данных',
    'VLD11': 'Чек уже существует',
}


class KomtetError(Exception):
    """ KOMTET refuses.

    :param int status: The HTTP status.
    :param str code: KOMTET's code.
    :param str description: What is wrong.
    """

    def __init__(self, status, code, description):
        super().__init__(description)
        self.status = status
        self.code = code
        self.description = description


def invalid(description):
    """ Return the refusal of a body that is not as described. :rtype: KomtetError """
    return KomtetError(422, 'VLD00', description)


def sign(secret, method, url, body=b''):
    """ Sign a request or a callback.

    :param str secret: The shop's secret.
    :param str method: In upper case.
    :param str url: Absolute, with the query string.
    :param bytes body: Exactly what is sent; nothing for GET.
    :return: HMAC-MD5 in lower-case hex.
    :rtype: str
    """
    return hmac.new(secret.encode(), (method + url).encode() + body, hashlib.md5).hexdigest()


def refusal(status, code, description):
    """ Return an answer in KOMTET's error form. """
    answer = jsonify({
        'title': TITLES.get(code, 'Ошибка'), 'code': code, 'description': description,
    })
    answer.status_code = status
    return answer
