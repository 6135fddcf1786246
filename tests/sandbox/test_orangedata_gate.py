""" OrangeData: certificates, signatures, keys, the port of its own. """

import base64
import json
import socket
import ssl
import time
import xml.etree.ElementTree

import pytest
import urllib3
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from orangedata_shop import INN, TIMEOUT, OrangedataShop, connection, no_answer, receipt, request_of

from sandbox.certificates import Authority
from sandbox.server import start

WRONG_SIGNATURE = {'errors': ['Подпись не прошла проверку']}


def test_start_makes_no_keys():
    sandbox = start(webhook_interval=0.05)
    try:
        register = sandbox.app.config['ORANGEDATA']
        assert register.keys is None
        url = sandbox.orangedata_url
        assert url.startswith('https://127.0.0.1:') and url == sandbox.orangedata_url
        assert register.keys is not None
    finally:
        sandbox.stop()


def test_port_that_was_given_is_served_at_once():
    with socket.create_server(('127.0.0.1', 0)) as taken:
        port = taken.getsockname()[1]
    sandbox = start(orangedata_port=port, webhook_interval=0.05)
    try:
        assert sandbox.orangedata_url == f'https://127.0.0.1:{port}'
        socket.create_connection(('127.0.0.1', port), TIMEOUT).close()
    finally:
        sandbox.stop()


def test_credentials_are_shown_when_they_are_asked_for(api, running):
    assert 'orangedata' not in api.control('credentials')
    found = api.control('credentials?orangedata=1')['orangedata']
    assert set(found) == {
        'url', 'inn', 'group', 'groups', 'key', 'client_cert', 'client_key',
        'client_key_password', 'client_p12', 'sign_key', 'sign_key_xml', 'ca'}
    assert found == api.control('credentials?orangedata=1')['orangedata'] | {
        name: found[name] for name in ('client_key', 'client_p12')}  # salted anew
    assert found['url'] == running.orangedata_url != api.url
    assert 'ENCRYPTED' in found['client_key']


def test_availability_and_check(orangedata):
    assert orangedata.call('GET', '').status == 200
    body = {'inn': INN, 'group': 'Main_2', 'key': orangedata.credentials['key']}
    assert orangedata.post(body, 'check').status == 200


@pytest.mark.parametrize('values', [
    {'group': 'Nobody'}, {'key': INN}, {'inn': '7727401209'}, {'group': None}, {'more': 1},
    {'inn': None}, {'key': None},
])
def test_check_of_wrong_credentials(orangedata, values):
    body = {'inn': INN, 'group': 'Main_2', 'key': orangedata.credentials['key'], **values}
    answer = orangedata.post(
        {name: value for name, value in body.items() if value is not None}, 'check')
    assert answer.status == 400
    assert any('а' <= letter <= 'я' for letter in answer.json()['errors'][0])


# === CERTIFICATES === #

def test_certificate_is_demanded(orangedata):
    without = connection(orangedata.credentials, certificate=False)
    assert no_answer(lambda: without.request('GET', f'{orangedata.credentials["url"]}/api/v2/'))


def test_certificate_of_another_authority_is_refused(orangedata):
    foreign, key = Authority('Foreign CA'), rsa.generate_private_key(65537, 2048)
    pem = foreign.issue('romashka', key.public_key()).public_bytes(Encoding.PEM)
    http = connection({**orangedata.credentials, 'client_key_password': None,
                       'client_cert': pem.decode(), 'client_key': key.private_bytes(
                           Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()})
    assert no_answer(lambda: http.request('GET', f'{orangedata.credentials["url"]}/api/v2/'))


def test_server_is_not_trusted_by_everybody(orangedata):
    http = urllib3.PoolManager(ssl_context=ssl.create_default_context(), retries=False)
    with pytest.raises(urllib3.exceptions.SSLError):
        http.request('GET', f'{orangedata.credentials["url"]}/api/v2/')


def test_plain_http_is_no_way_in(orangedata):
    url = orangedata.credentials['url'].replace('https', 'http')
    assert no_answer(lambda: urllib3.PoolManager(retries=False).request('GET', f'{url}/api/v2/'))


def test_main_port_is_no_way_in(api, orangedata):
    for path in ('', 'documents/', f'documents/{INN}/status/1'):
        assert api.http.get(f'{api.url}/api/v2/{path}', timeout=TIMEOUT).status_code in (404, 405)
    raw = json.dumps(request_of(receipt())).encode()
    answer = api.http.post(f'{api.url}/api/v2/documents/', data=raw, timeout=TIMEOUT,
                           headers={'X-Signature': orangedata.sign(raw)})
    assert answer.status_code == 404 and orangedata.control('documents') == []


def test_nothing_else_is_behind_the_gate(orangedata):
    url = orangedata.credentials['url']
    for path in ('/_control/credentials', '/uapi/', '/'):
        assert orangedata.http.request('GET', f'{url}{path}').status == 404


def test_silent_client_stops_nobody(orangedata):
    host, port = orangedata.credentials['url'].removeprefix('https://').split(':')
    with socket.create_connection((host, int(port)), TIMEOUT):
        started = time.monotonic()
        assert OrangedataShop(orangedata.api).call('GET', '').status == 200
        assert time.monotonic() - started < 10


@pytest.mark.parametrize('mode, status, raw', [
    ('refused', 401, b''), ('page', 400, b'<html>'),
])
def test_certificate_that_is_not_accepted(orangedata, mode, status, raw):
    orangedata.control('settings', certificate=mode)
    for answer in (orangedata.post(request_of(receipt())), orangedata.status(),
                   orangedata.call('GET', '')):
        assert answer.status == status and answer.raw.startswith(raw)
    assert orangedata.control('documents') == []


def test_pkcs12_has_the_same_certificate(orangedata):
    found = orangedata.credentials
    key, certificate, more = pkcs12.load_key_and_certificates(
        base64.b64decode(found['client_p12']), found['client_key_password'].encode())
    assert certificate.public_bytes(Encoding.PEM).decode() == found['client_cert']
    assert key.public_key() == certificate.public_key() and more == []


# === SIGNATURES === #

def test_xml_is_the_same_key(orangedata):
    root = xml.etree.ElementTree.fromstring(orangedata.credentials['sign_key_xml'])
    assert root.tag == 'RSAKeyValue'
    number = {part.tag: int.from_bytes(base64.b64decode(part.text), 'big') for part in root}
    assert len(base64.b64decode(root.find('D').text)) == 256
    key = rsa.RSAPrivateNumbers(
        number['P'], number['Q'], number['D'], number['DP'], number['DQ'], number['InverseQ'],
        rsa.RSAPublicNumbers(number['Exponent'], number['Modulus'])).private_key()
    assert key.private_numbers() == orangedata.sign_key.private_numbers()


@pytest.mark.parametrize('signature', ['', 'x', 'AAAA', 'Подпись'.encode().decode('latin-1'),
                                       base64.b64encode(b'x' * 256).decode()])
@pytest.mark.parametrize('kind', ['documents', 'corrections', 'correction12', 'check'])
def test_wrong_signature(orangedata, kind, signature):
    answer = orangedata.post(request_of(receipt()), kind, signature=signature)
    assert (answer.status, answer.json()) == (400, WRONG_SIGNATURE)
    assert orangedata.control('documents') == []


def test_signature_is_of_the_exact_bytes(orangedata):
    content = request_of(receipt())
    raw = json.dumps(content, ensure_ascii=False).encode()
    other = json.dumps(content).encode()
    assert orangedata.call('POST', 'documents/', raw, orangedata.sign(other)).status == 400
    assert orangedata.call('POST', 'documents/', raw).status == 201


def test_renewed_key(orangedata):
    renewed = orangedata.control('sign_key', 'POST')
    assert renewed['sign_key'] != orangedata.credentials['sign_key']
    assert orangedata.post(request_of(receipt())).json() == WRONG_SIGNATURE
    orangedata.load_key(renewed['sign_key'])
    orangedata.sell()


@pytest.mark.parametrize('values, place', [
    ({'key': INN}, 'key'), ({'key': None}, 'key'), ({'inn': '7727401209'}, 'inn'),
    ({'inn': None}, 'inn'), ({'group': 'Nobody'}, 'group'),
])
def test_who_is_unknown(orangedata, values, place):
    assert orangedata.refused(request_of(receipt(), **values)).startswith(place)


@pytest.mark.parametrize('raw', [
    b'', b'{', b'\xff', b'{"a": NaN}', b'[]', b'null', b'17', b'[' * 100000,
], ids=lambda raw: str(raw)[:12])
def test_body_is_an_object_of_json(orangedata, raw):
    answer = orangedata.call('POST', 'documents/', raw)
    assert answer.status == 400 and len(answer.json()['errors']) == 1
