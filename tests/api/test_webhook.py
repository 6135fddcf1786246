""" Notifications: only what the bank has signed is read, and nothing breaks the reader. """

import base64
import hashlib
import hmac
import json

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from tochka_acquiring import const
from tochka_acquiring.api.webhook import (
    InvalidSignature,
    MalformedWebhook,
    check_shape,
    decode,
)

CLAIMS = {
    'customerCode': '301112223', 'amount': '1234.50', 'paymentType': 'sbp', 'status': 'APPROVED',
    'operationId': '0b0e7a52-57ab-4a0c-93b3-0d3a4a5a9e11', 'purpose': 'Оплата по счёту',
    'webhookType': 'acquiringInternetPayment', 'merchantId': '200000000054321',
    'paymentLinkId': 'INV-2026-00007-0a1b2c', 'qrcId': 'AS1000000000000000000000000000AA',
    'transactionId': '77ab1bb0-04f5-4a0e-8d86-9c1c9a1b2c3d', 'payerName': 'Сова Совишна С.',
}


def new_key(bits=2048):
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def public(key):
    """ The key as the bank publishes it: no `kid`, `alg` or `use`. """
    jwk = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {name: jwk[name] for name in ('kty', 'e', 'n')}


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b'=')


def unb64(data):
    return base64.urlsafe_b64decode(data + b'=' * (-len(data) % 4))


def sign(payload, key, header=None, algorithm='RS256'):
    """ Sign anything, even what no library would write. """
    if isinstance(payload, dict):
        payload = json.dumps(payload).encode()
    return jwt.PyJWS().encode(payload, key, algorithm=algorithm, headers=header).encode()


def handmade(header, payload, signature=b'\x01' * 256):
    return b'.'.join([b64(json.dumps(header).encode()), b64(json.dumps(payload).encode()),
                      b64(signature)])


KEY, FOREIGN = new_key(3072), new_key()
JWK = public(KEY)
GOOD = sign(CLAIMS, KEY)


# === WHAT THE BANK SENDS === #

def test_claims():
    assert decode(GOOD, JWK) == CLAIMS


@pytest.mark.parametrize('body', [GOOD + b'\n', b'\r\n ' + GOOD + b' \r\n'])
def test_white_space_around(body):
    assert decode(body, JWK) == CLAIMS


@pytest.mark.parametrize('extra', [
    {'kid': 'k-1', 'alg': 'RS256', 'use': 'sig'}, {'alg': 'HS256'}, {'use': 'enc'},
])
def test_what_else_the_published_key_says_changes_nothing(extra):
    assert decode(GOOD, {**JWK, **extra}) == CLAIMS
    with pytest.raises(InvalidSignature):
        decode(sign(CLAIMS, FOREIGN), {**JWK, **extra})


@pytest.mark.parametrize('times', [
    {'exp': 1}, {'nbf': 9_000_000_000}, {'iat': 9_000_000_000}, {'exp': 'x', 'iat': [], 'nbf': {}},
    {'aud': 'somebody'}, {'iss': 5, 'sub': 5, 'jti': 5},
])
def test_registered_claims_decide_nothing(times):
    # The bank documents none of them, so that a value of theirs must not lose a payment.
    assert decode(sign({**CLAIMS, **times}, KEY), JWK) == {**CLAIMS, **times}


# === FORGERIES === #

def test_a_foreign_key():
    with pytest.raises(InvalidSignature):
        decode(sign(CLAIMS, FOREIGN), JWK)


def test_a_key_that_was_replaced():
    with pytest.raises(InvalidSignature):
        decode(GOOD, public(FOREIGN))


@pytest.mark.parametrize('name', ['none', 'None', 'NONE', 'nOnE', '', None, [], {}, ['RS256'], 5])
@pytest.mark.parametrize('signature', [b'', b'\x01' * 256])
def test_algorithm_none(name, signature):
    body = handmade({'typ': 'JWT', 'alg': name}, CLAIMS, signature)
    with pytest.raises((InvalidSignature, MalformedWebhook)):
        decode(body, JWK)
    unsigned = jwt.encode(CLAIMS, None, algorithm='none').encode()
    with pytest.raises((InvalidSignature, MalformedWebhook)):
        decode(unsigned, JWK)


def spellings(key):
    """ The public key in all forms in which it could be taken for a secret. """
    encodings, formats = serialization.Encoding, serialization.PublicFormat
    pem = key.public_key().public_bytes(encodings.PEM, formats.SubjectPublicKeyInfo)
    return {
        'PEM': pem,
        'PEM, stripped': pem.strip(),
        'PKCS1': key.public_key().public_bytes(encodings.PEM, formats.PKCS1),
        'DER': key.public_key().public_bytes(encodings.DER, formats.SubjectPublicKeyInfo),
        'JWK': json.dumps(public(key)).encode(),
        'modulus': public(key)['n'].encode(),
        'modulus, raw': unb64(public(key)['n'].encode()),
        'empty': b'',
    }


@pytest.mark.parametrize('name', ['HS256', 'HS384', 'HS512'])
@pytest.mark.parametrize('secret', spellings(KEY).values(), ids=spellings(KEY))
def test_an_hmac_with_the_public_key(name, secret):
    head = b'.'.join([b64(json.dumps({'typ': 'JWT', 'alg': name}).encode()),
                      b64(json.dumps(CLAIMS).encode())])
    digest = getattr(hashlib, f'sha{name[2:]}')
    body = head + b'.' + b64(hmac.new(secret, head, digest).digest())
    with pytest.raises(InvalidSignature):
        decode(body, JWK)


@pytest.mark.parametrize('name', ['RS384', 'RS512', 'PS256', 'PS512'])
def test_other_algorithms_of_the_right_key(name):
    with pytest.raises(InvalidSignature):
        decode(sign(CLAIMS, KEY, algorithm=name), JWK)


def test_a_key_brought_along_is_not_used():
    for header in (
        {'jwk': public(FOREIGN)}, {'jku': 'https://evil.example/key'}, {'x5u': 'https://evil.example'},
        {'kid': 'k-1'}, {'x5c': ['AAAA']},
    ):
        with pytest.raises(InvalidSignature):
            decode(sign(CLAIMS, FOREIGN, header), JWK)


@given(st.integers(0, len(GOOD) - 1), st.sampled_from(
    b'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
))
def test_a_changed_byte(position, byte):
    body = GOOD[:position] + bytes([byte]) + GOOD[position + 1:]
    try:
        claims = decode(body, JWK)
    except (InvalidSignature, MalformedWebhook):
        return
    # Unchanged; or the last letter of the signature, some of whose bits say nothing.
    assert claims == CLAIMS
    assert body == GOOD or (
        position == len(GOOD) - 1
        and unb64(body.rpartition(b'.')[2]) == unb64(GOOD.rpartition(b'.')[2])
    )


def test_every_other_content_needs_another_signature():
    head, _payload, signature = GOOD.split(b'.')
    for changed in ({'amount': '1.00'}, {'status': 'AUTHORIZED'}, {'customerCode': '1'}):
        payload = b64(json.dumps({**CLAIMS, **changed}).encode())
        with pytest.raises(InvalidSignature):
            decode(b'.'.join([head, payload, signature]), JWK)


def test_a_signature_cut_or_made_longer():
    for body in (GOOD[:-4], GOOD + b'AAAA', GOOD[:GOOD.rindex(b'.') + 1] + b'AAAA'):
        with pytest.raises((InvalidSignature, MalformedWebhook)):
            decode(body, JWK)


# === KEYS THAT ARE NONE === #

WEAK = new_key(1024)
ELLIPTIC = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()).public_key(), as_dict=True)


@pytest.mark.parametrize('jwk', [
    None, [], 'text', {}, {'keys': [JWK]}, {'kty': 'RSA'}, {**JWK, 'n': ''}, {**JWK, 'n': None},
    {**JWK, 'n': 5}, {**JWK, 'n': 'ы'}, {**JWK, 'e': 'AQ'}, {**JWK, 'kty': 'oct', 'k': 'AAAA'},
    {**JWK, 'kty': 'EC'}, ELLIPTIC, {'kty': 'oct', 'k': 'AAAA', 'n': 'AAAA', 'e': 'AQAB'},
])
def test_a_key_that_is_no_rsa_key(jwk):
    with pytest.raises(InvalidSignature):
        decode(GOOD, jwk)


@pytest.mark.filterwarnings('ignore::jwt.warnings.InsecureKeyLengthWarning')
def test_a_short_key():
    with pytest.raises(InvalidSignature, match='short'):
        decode(sign(CLAIMS, WEAK), public(WEAK))


# === WHAT IS NO NOTIFICATION === #

DEEP = 30_000
MALFORMED = {
    'empty': b'',
    'white space': b' \r\n\t',
    'only dots': b'..',
    'two dots more': GOOD + b'.AAAA.AAAA',
    'one part': b'AAAA',
    'two parts': GOOD.rpartition(b'.')[0],
    'an empty signature': GOOD.rpartition(b'.')[0] + b'.',
    'JSON': json.dumps(CLAIMS).encode(),
    'quoted': b'"' + GOOD + b'"',
    'form': b'token=' + GOOD,
    'padded': GOOD + b'==',
    'standard alphabet': GOOD[:50] + b'+/' + GOOD[52:],
    'not ASCII': 'уведомление'.encode(),
    'a zero byte': GOOD + b'\x00',
    'two in one': GOOD + b'\n' + GOOD,
    'oversized': b'A' * (const.MAX_WEBHOOK_SIZE + 1),
    'oversized, signed': sign({**CLAIMS, 'purpose': 'a' * const.MAX_WEBHOOK_SIZE}, KEY),
    'oversized, white space': GOOD + b' ' * const.MAX_WEBHOOK_SIZE,
    'header is no JSON': b64(b'{') + b'.e30.AAAA',
    'header is a list': b64(b'[]') + b'.e30.AAAA',
    'header is a text': b64(b'"RS256"') + b'.e30.AAAA',
    'header is no text': b64(b'\xff\xfe\x00') + b'.e30.AAAA',
    'header nested deep': b64(b'[' * DEEP) + b'.e30.AAAA',
    'header of objects nested deep': b64(b'{"alg":' * 5000) + b'.e30.AAAA',
    'header with a huge number': b64(b'{"alg":' + b'9' * DEEP + b'}') + b'.e30.AAAA',
    'header of a wrong length': b'A.e30.AAAA',
    'key id is no text': handmade({'alg': 'RS256', 'kid': 5}, CLAIMS),
    'detached payload': handmade({'alg': 'RS256', 'b64': False, 'crit': ['b64']}, CLAIMS),
    # Signed by the bank itself.
    'claims are a list': sign(b'[1]', KEY),
    'claims are a text': sign(b'"text"', KEY),
    'claims are null': sign(b'null', KEY),
    'claims are no JSON': sign(b'{', KEY),
    'claims are no text': sign(b'\xff\xfe\x00', KEY),
}
# Signed by the bank itself; newer Pythons read it, older ones run out of stack.
NESTED = sign(b'{"a":' * 5000 + b'1' + b'}' * 5000, KEY)


@pytest.mark.parametrize('body', MALFORMED.values(), ids=MALFORMED)
def test_what_is_no_notification(body):
    with pytest.raises(MalformedWebhook):
        decode(body, JWK)


def test_claims_nested_deep_end_in_nothing_worse():
    try:
        claims = decode(NESTED, JWK)
    except MalformedWebhook:
        return
    assert list(claims) == ['a']


@pytest.mark.parametrize('name', [
    'empty', 'white space', 'only dots', 'two dots more', 'JSON', 'form', 'oversized', 'padded',
    'oversized, white space', 'an empty signature',
])
def test_shape_is_checked_without_a_key(name):
    with pytest.raises(MalformedWebhook):
        check_shape(MALFORMED[name])


def test_the_largest_notification_passes_the_shape():
    body = b'.'.join([b'A' * 10, b'B' * 10, b'C' * (const.MAX_WEBHOOK_SIZE - 22)])
    assert len(body) == const.MAX_WEBHOOK_SIZE
    assert check_shape(body) == body


@given(st.binary(max_size=300) | st.from_regex(rb'[\w-]*\.[\w-]*\.[\w-]*', fullmatch=True))
def test_noise_is_always_refused(body):
    with pytest.raises((MalformedWebhook, InvalidSignature)):
        decode(body, JWK)


def test_header_of_any_depth_is_malformed():
    """ It is read before anything is verified. """
    header = base64.urlsafe_b64encode(b'{"alg":' + b'[' * 20_000).rstrip(b'=')
    with pytest.raises(MalformedWebhook):
        decode(header + b'.e30.AAAA', public(new_key()))
