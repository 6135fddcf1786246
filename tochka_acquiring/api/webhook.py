# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" The bank's notifications: a bare compact JWT, RS256, sent as text/plain. Source: HOOKS.

A signature proves that the bank has sent it, not to whom: one key signs for all customers, and the
bank's test events look like real payments. So the content is a hint and never booked.
"""

import functools
import re
from dataclasses import dataclass
from decimal import Decimal

import jwt
from jwt.algorithms import RSAAlgorithm

from .. import const
from .operation import optional_text, to_amount

_COMPACT_JWT = re.compile(rb'[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+')


class MalformedWebhook(Exception):
    """ The body is no compact JWT of a sensible size with an object of claims. """


class InvalidSignature(Exception):
    """ The signature is not that of the key. """


def check_shape(body):
    """ Check that a body looks like a notification before any cryptography.

    :param bytes body: The request's body.
    :return: The body without surrounding white space.
    :rtype: bytes
    :raise MalformedWebhook: If it does not.
    """
    if len(body) > const.MAX_WEBHOOK_SIZE:
        raise MalformedWebhook("The notification is too large.")
    token = body.strip()
    if not token:
        raise MalformedWebhook("The notification is empty.")
    if not _COMPACT_JWT.fullmatch(token):
        raise MalformedWebhook("The notification is no compact JWT.")
    return token


def decode(body, jwk):
    """ Verify a notification and return its claims.

    The algorithm is pinned: neither `none` nor an HMAC with the public key as secret passes. The
    bank sends no `exp`, `aud` or `iat`, so none is asked for.

    :param bytes body: The request's body.
    :param dict jwk: The bank's public key.
    :return: The claims.
    :rtype: dict
    :raise MalformedWebhook: If the body is no JWT with an object of claims.
    :raise InvalidSignature: If the signature is not the key's, or the key is no strong RSA key.
    """
    token = check_shape(body)
    try:
        key = _load_key(jwk['kty'], jwk['n'], jwk['e'])  # only the public half
    except (KeyError, TypeError, ValueError, jwt.InvalidKeyError) as error:
        raise InvalidSignature("The bank's key is no RSA public key.") from error
    if key.key_size < const.MIN_RSA_BITS:
        raise InvalidSignature("The bank's key is too short.")
    try:
        return jwt.decode(
            token, key, algorithms=['RS256'],
            options={'verify_aud': False, 'verify_exp': False, 'verify_iat': False,
                     'verify_nbf': False, 'verify_iss': False, 'verify_sub': False,
                     'verify_jti': False},
        )
    except (jwt.InvalidSignatureError, jwt.InvalidAlgorithmError) as error:
        raise InvalidSignature("The signature does not fit.") from error
    except (jwt.PyJWTError, RecursionError) as error:  # the header is read before it is verified
        raise MalformedWebhook("The notification can't be decoded.") from error


@functools.lru_cache(maxsize=8)
def _load_key(kty, n, e):
    """ Build the key, once for each: that takes longer than to verify a signature. """
    return RSAAlgorithm.from_jwk({'kty': kty, 'n': n, 'e': e})


def signed_part(body):
    """ Return what the signature is of: the same for each way to write one notification.

    :param bytes body: The request's body.
    :rtype: bytes
    :raise MalformedWebhook: If the body is no JWT.
    """
    return check_shape(body).rpartition(b'.')[0]


@dataclass(frozen=True)
class Event:
    """ What a notification says. The amount is in roubles. Source: HOOKS. """

    webhook_type: str | None
    customer_code: str | None
    operation_id: str | None = None
    payment_link_id: str | None = None
    merchant_id: str | None = None
    status: str | None = None
    amount: Decimal | None = None
    payment_type: str | None = None

    @classmethod
    def from_claims(cls, claims):
        """ Read the claims leniently.

        :param dict claims: Verified claims.
        :rtype: Event
        """
        try:
            amount = to_amount(claims.get('amount'))
        except ValueError:
            amount = None
        return cls(
            webhook_type=optional_text(claims, 'webhookType'),
            customer_code=optional_text(claims, 'customerCode'),
            operation_id=optional_text(claims, 'operationId'),
            payment_link_id=optional_text(claims, 'paymentLinkId'),
            merchant_id=optional_text(claims, 'merchantId'),
            status=optional_text(claims, 'status'),
            amount=amount,
            payment_type=optional_text(claims, 'paymentType'),
        )
