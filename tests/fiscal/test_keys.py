""" Certificates and keys in every form that people are handed them in. """

from datetime import datetime, timedelta, timezone

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID

from sandbox.orangedata_keys import key_xml
from tochka_fiscal.registers import keys
from tochka_fiscal.registers.keys import KeyProblem, read_client, read_sign_key

PASSPHRASE = 'пароль 1234'
LOCKED = BestAvailableEncryption(PASSPHRASE.encode())
DAY = timedelta(days=1)


@pytest.fixture(scope='module')
def key():
    """ A key. """
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope='module')
def other():
    """ Another key. """
    return rsa.generate_private_key(65537, 2048)


def certificate(key, start=-DAY, end=365 * DAY):
    """ Return a certificate of a key. """
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, '9900000017')])
    now = datetime.now(timezone.utc)
    return (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + start).not_valid_after(now + end).sign(key, hashes.SHA256()))


def pem(key, form=PrivateFormat.PKCS8, lock=None):
    return key.private_bytes(Encoding.PEM, form, lock or NoEncryption())


def cert_pem(*args, **values):
    return certificate(*args, **values).public_bytes(Encoding.PEM)


def same(text, key):
    """ Whether what was read is the key. """
    start = text.index('-----BEGIN PRIVATE KEY-----')
    return keys.load(text[start:]).private_numbers() == key.private_numbers()


# === THE SIGNING KEY === #

@pytest.mark.parametrize('form', [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
@pytest.mark.parametrize('passphrase', ['', PASSPHRASE])
def test_signing_key(key, form, passphrase):
    content = pem(key, form, LOCKED if passphrase else None)
    assert same(read_sign_key(content, passphrase), key)
    if passphrase:
        with pytest.raises(KeyProblem, match='wrong'):
            read_sign_key(content, 'another')
        with pytest.raises(KeyProblem, match='enter it'):
            read_sign_key(content)


def test_passphrase_that_is_not_needed(key):
    assert same(read_sign_key(pem(key), PASSPHRASE), key)


def test_xml_of_dotnet(key):
    assert same(read_sign_key(key_xml(key).encode()), key)
    with_mark = b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?>\n' + key_xml(key).encode()
    assert same(read_sign_key(with_mark), key)


def test_xml_without_the_private_half(key):
    content = key_xml(key)
    start, end = content.index('<P>'), content.index('</RSAKeyValue>')
    with pytest.raises(KeyProblem, match='no private key'):
        read_sign_key((content[:start] + content[end:]).encode())


@pytest.mark.parametrize('wrong', [
    b'<RSAKeyValue><Modulus>', b'<RSAKeyValue><P>?</P></RSAKeyValue>',
    b'<RSAKeyValue>' + b''.join(
        b'<%s>AQAB</%s>' % (name, name) for name in (
            b'Modulus', b'Exponent', b'P', b'Q', b'DP', b'DQ', b'InverseQ', b'D')
    ) + b'</RSAKeyValue>',
])
def test_broken_xml(wrong):
    with pytest.raises(KeyProblem, match='XML'):
        read_sign_key(wrong)


def test_der(key):
    assert same(read_sign_key(key.private_bytes(
        Encoding.DER, PrivateFormat.PKCS8, NoEncryption())), key)


@pytest.mark.parametrize(('content', 'words'), [
    (b'', 'empty'), (b'x' * 70000, 'too large'), (b'hello', 'no key'),
    (b'-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n', 'no key'),
])
def test_no_key(content, words):
    with pytest.raises(KeyProblem, match=words):
        read_sign_key(content)


def test_certificate_in_the_place_of_the_key(key):
    with pytest.raises(KeyProblem, match='no private key'):
        read_sign_key(cert_pem(key))


def test_weak_and_foreign_keys():
    with pytest.raises(KeyProblem, match='2048'):
        read_sign_key(pem(rsa.generate_private_key(65537, 1024)))
    with pytest.raises(KeyProblem, match='RSA'):
        read_sign_key(pem(ec.generate_private_key(ec.SECP256R1())))


# === THE CLIENT'S CERTIFICATE === #

@pytest.mark.parametrize('lock', [None, LOCKED])
def test_certificate_and_key(key, lock):
    passphrase = PASSPHRASE if lock else ''
    for form in (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL):
        two = read_client(cert_pem(key), pem(key, form, lock), passphrase)
        one = read_client(pem(key, form, lock) + cert_pem(key), passphrase=passphrase)
        for client in (one, two):
            assert same(client.pem, key)
            assert client.name == '9900000017'
            assert client.until - datetime.now(timezone.utc) > 364 * DAY


def test_chain_begins_with_our_own(key, other):
    client = read_client(cert_pem(other) + cert_pem(key), pem(key))
    [first, _second] = x509.load_pem_x509_certificates(client.pem.encode())
    assert first.public_key().public_numbers() == key.public_key().public_numbers()


def test_pkcs12(key, other):
    content = pkcs12.serialize_key_and_certificates(
        b'shop', key, certificate(key), [certificate(other)], LOCKED)
    client = read_client(content, passphrase=PASSPHRASE)
    assert same(client.pem, key)
    assert client.pem.count('BEGIN CERTIFICATE') == 2
    for wrong in ('', 'another'):
        with pytest.raises(KeyProblem, match='passphrase is wrong'):
            read_client(content, passphrase=wrong)


def test_not_together(key, other):
    with pytest.raises(KeyProblem, match='belong together'):
        read_client(cert_pem(key), pem(other))


@pytest.mark.parametrize(('times', 'words'), [
    ({'start': -2 * DAY, 'end': -DAY}, 'expired'), ({'start': DAY}, 'not valid yet')])
def test_validity(key, times, words):
    with pytest.raises(KeyProblem, match=words):
        read_client(cert_pem(key, **times), pem(key))


def test_what_is_missing(key):
    with pytest.raises(KeyProblem, match='key of the certificate is missing'):
        read_client(cert_pem(key))
    with pytest.raises(KeyProblem, match='no certificate'):
        read_client(pem(key))
    for content in (b'hello', b'\x30\x03\x02\x01\x01'):
        with pytest.raises(KeyProblem):
            read_client(content)


def test_secrets_are_not_shown(key):
    assert 'PRIVATE' not in repr(read_client(cert_pem(key), pem(key)))
