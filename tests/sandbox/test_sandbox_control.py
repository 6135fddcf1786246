""" The control API, and starting the sandbox. """

import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from sandbox.bank import VARIANTS
from sandbox.server import start

ROOT = Path(__file__).resolve().parents[2]


def wrong(api, path, /, **body):
    """ Call the control API in vain. :return: The explanation. """
    answer = api.http.post(f'{api.url}/_control/{path}', json=body, timeout=20)
    assert answer.status_code == 400, answer.text
    return answer.json()['error']


# === STATE === #


def test_reset_forgets_everything(api, subscribed):
    old = api.token
    operation_id = api.paid(paymentLinkId='INV-1')
    api.control('variants', late_pay=True)
    api.control('faults', kind='refuse')
    api.control('clock', advance=10 ** 6)
    api.token = api.control('reset', 'POST')['token']
    assert api.token != old
    assert api.control('operations') == [] and api.control('faults') == []
    assert api.control('variants') == VARIANTS and api.control('webhooks') == []
    assert api.control('requests') == []
    api.refused(404, 'GET', f'webhook/v1.0/{api.client_id}')
    api.refused(424, 'GET', f'acquiring/v1.0/payments/{operation_id}')
    api.create(paymentLinkId='INV-1')


def test_clock(api):
    assert api.control('clock', set='2026-03-01T12:00:00+03:00') == {
        'now': '2026-03-01T12:00:00+03:00',
    }
    assert api.control('clock', advance=90) == {'now': '2026-03-01T12:01:30+03:00'}
    created = api.read(api.create()['operationId'])['createdAt']
    assert created == '2026-03-01T14:01:30+05:00'
    assert not api.control('clock', release=True)['now'].startswith('2026-03-01T12')


def test_paid_at_can_be_told(api):
    operation_id = api.create()['operationId']
    api.control(f'pay/{operation_id}', method='card', paid_at='2026-02-28T23:59:00+03:00')
    assert api.read(operation_id)['paidAt'] == '2026-02-28T23:59:00+03:00'


def test_decline_without_a_browser(api):
    operation_id = api.create()['operationId']
    assert api.control(
        f'pay/{operation_id}', method='card', outcome='decline')['status'] == 'CREATED'


def test_wrong_amount_behind_everybodys_back(api):
    operation_id = api.paid()
    api.control(f'tamper/{operation_id}', amount='1.00')
    assert api.read(operation_id)['amount'] == 1
    assert 'nothing' in wrong(api, f'tamper/{operation_id}', nothing=1)


def test_moments_can_be_changed_too(api):
    operation_id = api.create()['operationId']
    api.control(f'tamper/{operation_id}', expires_at='2020-01-01T00:00:00+03:00')
    [operation] = api.control('operations')
    assert operation['status'] == api.read(operation_id)['status'] == 'EXPIRED'


def test_journal_tells_what_was_asked_and_keeps_no_key(api):
    api.control('requests', 'DELETE')
    operation_id = api.create(paymentLinkId='INV-1')['operationId']
    api.read(operation_id)
    api.call('GET', 'acquiring/v1.0/payments', params={'customerCode': '301234567', 'page': 1})
    sent, read, listed = api.control('requests')
    assert (sent['method'], sent['path']) == ('POST', '/uapi/acquiring/v1.0/payments')
    assert sent['body']['Data']['paymentLinkId'] == 'INV-1'
    assert (read['path'], read['body']) == (f'/uapi/acquiring/v1.0/payments/{operation_id}', None)
    assert listed['query'] == {'customerCode': '301234567', 'page': '1'}
    assert api.token not in api.http.get(f'{api.url}/_control/requests', timeout=20).text


def test_journal_holds_requests_that_got_a_fault(api):
    api.control('faults', kind='close_before')
    with pytest.raises(requests.ConnectionError):
        api.call('GET', 'open-banking/v1.0/customers')
    assert [r['path'] for r in api.control('requests')] == ['/uapi/open-banking/v1.0/customers']


def test_wrong_calls_are_explained(api):
    assert 'nothing' in wrong(api, 'variants', nothing=True)
    assert 'method' in wrong(api, f'pay/{api.create()["operationId"]}', outcome='pay')
    assert wrong(api, 'clock', set='yesterday')
    assert 'amount' in wrong(api, f'refund/{api.paid()}')
    answer = api.http.get(f'{api.url}/_control/credentials?client_id=nobody', timeout=20)
    assert answer.status_code == 400
    answer = api.http.delete(f'{api.url}/_control/clients/nobody', timeout=20)
    assert answer.status_code == 400
    answer = api.http.post(f'{api.url}/_control/pay/nobody', json={'method': 'card'}, timeout=20)
    assert answer.status_code == 424


@pytest.mark.parametrize('path, body', [
    ('clock', {'set': '2026-03-01T12:00:00'}),
    ('clock', {'advance': 'soon'}),
    ('clients', {'permissions': []}),
    ('clients', {'client_id': 'x', 'rights': []}),
    ('faults', {'kind': 'refuse', 'path': '('}),
    ('webhooks', {'again': 999999}),
    ('pay/OPERATION', {'method': 'card', 'outcome': 'abandon'}),
    ('pay/OPERATION', {'method': 'card', 'paid_at': '2026-03-01T12:00:00'}),
    ('refund/OPERATION', {'amount': 'all'}),
    ('tamper/OPERATION', {'amount': 'much'}),
    ('tamper/OPERATION', {'refunded': 1}),
    ('tamper/OPERATION', {'expires_at': '2020-01-01'}),
])
def test_more_wrong_calls_are_explained(api, path, body):
    operation_id = api.paid() if path.startswith(('refund', 'tamper')) else (
        api.create()['operationId'])
    assert wrong(api, path.replace('OPERATION', operation_id), **body)


# === STARTING === #


@pytest.fixture
def authority(tmp_path):
    """ A sandbox that serves by https, and its CA file. """
    path = tmp_path / 'ca.pem'
    sandbox = start(tls_ca=path, webhook_interval=0.05)
    yield sandbox, path
    sandbox.stop()


def test_https_is_trusted_by_its_own_authority_only(authority):
    sandbox, path = authority
    assert sandbox.url.startswith('https://127.0.0.1:')
    with requests.Session() as http:
        http.trust_env = False
        with pytest.raises(requests.exceptions.SSLError):
            http.get(f'{sandbox.url}/_control/credentials', timeout=20)
        http.verify = str(path)
        answer = http.get(f'{sandbox.url}/_control/credentials', timeout=20)
        assert answer.json()['client_id'] == 'sandbox-client'
    assert 'PRIVATE' not in path.read_text()


def test_https_passes_strict_verification(authority):
    # The default of Python 3.13 and urllib3.
    sandbox, path = authority
    context = ssl.create_default_context(cafile=str(path))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    port = int(sandbox.url.rpartition(':')[2])
    with socket.create_connection(('127.0.0.1', port), timeout=20) as raw:
        with context.wrap_socket(raw, server_hostname='127.0.0.1') as secure:
            assert secure.version()


def test_payment_links_lead_to_the_address_that_was_started(running, api):
    assert running.url == api.url and running.api_url == f'{api.url}/uapi/'
    assert api.create()['paymentLink'].startswith(f'{running.url}/order/?uuid=')


def test_stopped_sandbox_frees_its_port():
    sandbox = start()
    port = int(sandbox.url.rpartition(':')[2])
    sandbox.stop()
    with pytest.raises(requests.ConnectionError):
        requests.get(f'{sandbox.url}/_control/credentials', timeout=20)
    again = start(port)
    assert again.url == sandbox.url
    again.stop()


def test_command_line_prints_its_address_and_stops_on_sigterm():
    process = subprocess.Popen(
        [sys.executable, '-m', 'sandbox', '--webhook-interval', '0.1'], cwd=ROOT, text=True,
        stdout=subprocess.PIPE, env={**os.environ, 'PYTHONPATH': str(ROOT)},
    )
    try:
        line = process.stdout.readline()
        assert re.fullmatch(r'sandbox: http://127\.0\.0\.1:\d+\n', line)
        url = line.split()[1]
        assert requests.get(f'{url}/_control/credentials', timeout=20).json()['token']
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_sandbox_imports_neither_odoo_nor_the_add_ons():
    code = (
        'import sys, sandbox.__main__\n'
        'print([m for m in sys.modules if m.split(".")[0] in'
        ' ("odoo", "tochka_acquiring", "tochka_fiscal")])'
    )
    result = subprocess.run(
        [sys.executable, '-c', code], cwd=ROOT, capture_output=True, text=True, timeout=60,
        env={**os.environ, 'PYTHONPATH': str(ROOT)},
    )
    assert result.stdout.strip() == '[]', result.stderr
