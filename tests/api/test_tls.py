""" Trust in the bank's host: an extra authority for that host alone, and never none at all. """

import pytest
import requests

from tochka_acquiring import const
from tochka_acquiring.api import tls
from tochka_acquiring.api.errors import NotSent, OutcomeUnknown, TlsError

from .certificates import DAY, NOW, issue, server_context
from .server import answer, silence

GOOD = answer({'Data': {'Customer': []}})
HOST = '127.0.0.1'


@pytest.fixture(scope='module')
def root():
    return issue('Private Root CA', ca=True)


@pytest.fixture(scope='module')
def bank_context(root):
    return server_context(issue('bank', root, hosts=[HOST]))


# === HANDSHAKES === #

def test_an_unknown_authority_is_refused_before_anything_is_sent(serve, make_client, bank_context):
    server = serve(GOOD, tls=bank_context)
    with pytest.raises(TlsError) as caught:
        make_client(server).customers()
    assert isinstance(caught.value, NotSent)
    assert 'Russian Trusted Root CA' in str(caught.value)
    assert 'gosuslugi.ru/crt' in str(caught.value)
    assert server.requests == []


def test_a_refused_certificate_is_not_tried_again(serve, make_client, bank_context, monkeypatch):
    monkeypatch.setattr('time.sleep', lambda _seconds: pytest.fail("There was another attempt."))
    with pytest.raises(TlsError):
        make_client(serve(GOOD, tls=bank_context)).customers()


def test_the_given_authority_is_trusted(serve, make_client, root, bank_context):
    server = serve(GOOD, tls=bank_context)
    assert make_client(server, ca_pem=root.pem).customers() == []
    assert len(server.requests) == 1


def test_the_root_alone_is_enough_when_the_bank_sends_the_chain(serve, make_client, root):
    middle = issue('Private Sub CA', root, ca=True)
    server = serve(GOOD, tls=server_context(issue('bank', middle, hosts=[HOST]), middle))
    assert make_client(server, ca_pem=root.pem).customers() == []


def test_trust_ends_at_the_host(serve, make_client, root, bank_context):
    server, other = (serve(GOOD, tls=bank_context) for _count in range(2))
    client = make_client(server, ca_pem=root.pem)
    assert client.customers() == []
    # The same authority, another host, another client; and the rest of the process.
    with pytest.raises(TlsError):
        make_client(other).customers()
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(server.url, timeout=2)
    with pytest.raises(TlsError):
        make_client(server).customers()
    assert other.requests == []


def test_the_name_is_still_checked(serve, make_client, root):
    server = serve(GOOD, tls=server_context(issue('bank', root, hosts=['bank.example'])))
    with pytest.raises(TlsError):
        make_client(server, ca_pem=root.pem).customers()
    assert server.requests == []


@pytest.mark.parametrize('dates', [
    {'begins': NOW - 30 * DAY, 'ends': NOW - DAY}, {'begins': NOW + DAY, 'ends': NOW + 30 * DAY},
], ids=['expired', 'not yet valid'])
def test_the_dates_are_still_checked(serve, make_client, root, dates):
    server = serve(GOOD, tls=server_context(issue('bank', root, hosts=[HOST], **dates)))
    with pytest.raises(TlsError):
        make_client(server, ca_pem=root.pem).customers()
    assert server.requests == []


def test_another_authority_of_the_same_name_is_refused(serve, make_client, bank_context):
    impostor = issue('Private Root CA', ca=True)
    server = serve(GOOD, tls=bank_context)
    with pytest.raises(TlsError):
        make_client(server, ca_pem=impostor.pem).customers()
    assert server.requests == []


def test_a_leaf_cannot_issue(serve, make_client, root):
    leaf = issue('leaf', root, hosts=[HOST])
    server = serve(GOOD, tls=server_context(issue('bank', leaf, hosts=[HOST]), leaf))
    with pytest.raises(TlsError):
        make_client(server, ca_pem=root.pem).customers()
    assert server.requests == []


def test_environment_does_not_switch_the_given_authority_off(
    serve, make_client, root, bank_context, tmp_path, monkeypatch,
):
    bundle = tmp_path / 'bundle.pem'
    bundle.write_text(issue('Company CA', ca=True).pem)
    monkeypatch.setenv('REQUESTS_CA_BUNDLE', str(bundle))
    assert make_client(serve(GOOD, tls=bank_context), ca_pem=root.pem).customers() == []


@pytest.mark.parametrize('step', [silence, answer('<html>')])
def test_faults_within_the_encrypted_connection_are_unknown(
    serve, make_client, root, bank_context, step,
):
    server = serve(step, tls=bank_context)
    client = make_client(server, ca_pem=root.pem, timeout=(2, 0.4))
    with pytest.raises(OutcomeUnknown):
        client.delete_webhook('c')
    assert len(server.requests) == 1


def test_a_host_without_encryption_is_no_bank(serve, make_client):
    server = serve(GOOD)
    with pytest.raises((NotSent, OutcomeUnknown)):
        make_client(server.url.replace('http:', 'https:')).delete_webhook('c')
    assert server.requests == []


# === CA FILES === #

def variants(first, second):
    """ Shapes in which authorities publish their files. """
    text = first.pem
    return {
        'PEM': text.encode(),
        'no final newline': text.strip().encode(),
        'CRLF, no final newline': text.strip().replace('\n', '\r\n').encode(),
        'text around': f'Subject: root\n{text}\nhttps://a.example\n'.encode(),
        'byte order mark': b'\xef\xbb\xbf' + text.encode(),
        'DER': first.der,
        'two': (text + second.pem).encode(),
        'two, CRLF, joined without a newline': (
            (text.strip() + second.pem.strip()).replace('\n', '\r\n').encode()
        ),
    }


@pytest.mark.parametrize('name', variants(issue('a', ca=True), issue('b', ca=True)))
def test_shapes_of_ca_files(root, serve, make_client, bank_context, name):
    second = issue('Second Root CA', ca=True)
    certificates = tls.parse_ca(variants(root, second)[name])
    expected = [root, second] if name.startswith('two') else [root]
    assert [c.fingerprint for c in certificates] == [issued.fingerprint for issued in expected]
    assert certificates[0].subject == 'CN=Private Root CA'
    assert certificates[0].not_after == root.certificate.not_valid_after_utc
    assert certificates[0].not_before == root.certificate.not_valid_before_utc
    assert certificates[0].published_name is None
    # What comes out works, whatever went in.
    pem = tls.to_pem(certificates)
    assert '\r' not in pem and pem.endswith('-----END CERTIFICATE-----\n')
    assert make_client(serve(GOOD, tls=bank_context), ca_pem=pem).customers() == []


def wrong_files():
    root = issue('Root', ca=True)
    leaf = issue('enter.bank.example', root, hosts=['enter.bank.example'])
    broken = root.pem.replace(root.pem.splitlines()[2], 'AAAA')
    return {
        'leaf': (leaf.pem.encode(), 'not the certificate of a certification authority'),
        'leaf, DER': (leaf.der, 'not the certificate of a certification authority'),
        'leaf after the root': ((root.pem + leaf.pem).encode(),
                                'not the certificate of a certification authority'),
        'private key': (root.key_pem.encode(), 'private key'),
        'private key with the root': ((root.key_pem + root.pem).encode(), 'private key'),
        'web page': (b'\r\n<!DOCTYPE html><html></html>', 'web page'),
        'empty': (b'', 'no certificate'),
        'text': ('Сертификат'.encode(), 'no certificate'),
        'cut': (root.pem[:200].encode(), 'no certificate'),
        'broken': (broken.encode(), 'no certificate'),
        'cut DER': (root.der[:100], 'no certificate'),
    }


@pytest.mark.parametrize(('content', 'text'), wrong_files().values(), ids=wrong_files())
def test_files_that_are_no_ca(content, text):
    with pytest.raises(ValueError, match=text) as caught:
        tls.parse_ca(content)
    assert 'BEGIN' not in str(caught.value)


def test_a_published_certificate_is_known_by_its_fingerprint(root, monkeypatch):
    monkeypatch.setitem(const.PUBLISHED_CA_FINGERPRINTS, root.fingerprint, 'Published Root')
    (certificate,) = tls.parse_ca(root.pem.encode())
    assert certificate.published_name == 'Published Root'


def test_published_fingerprints_have_the_form_that_is_compared(root):
    for fingerprint in const.PUBLISHED_CA_FINGERPRINTS:
        assert len(fingerprint) == len(root.fingerprint)
        assert bytes.fromhex(fingerprint.replace(':', ' '))
        assert fingerprint == fingerprint.upper()
