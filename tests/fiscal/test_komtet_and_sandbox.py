""" The client of KOMTET Kassa against the sandbox, which was written apart from it. """

import http.server
import threading
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.fiscal.receipts import all_receipts, item, receipt
from tests.fiscal.sandboxes import caller, keyed, wait_done
from tests.served import wait_until
from tochka_fiscal import const
from tochka_fiscal.receipt import Correction
from tochka_fiscal.registers import base, komtet_const
from tochka_fiscal.registers.komtet import Komtet


@pytest.fixture
def control(sandbox):
    """ Return a function that calls the sandbox's control API; the register begins anew. """
    call = caller(sandbox)
    call('komtet/reset', {})
    call('faults', method='DELETE')
    call('komtet/settings', {'delay': 0.01})
    return call


@pytest.fixture
def register(control):
    """ The client, with the sandbox's credentials. """
    own = control('credentials')['komtet']
    return Komtet(own['url'], own['shop_id'], own['secret'], str(own['queue_id']), timeout=(2, 2))


@pytest.mark.parametrize('kind', ['income', 'income_return'])
@pytest.mark.parametrize('name', all_receipts())
def test_every_receipt_is_printed(register, control, name, kind):
    one = keyed(replace(all_receipts()[name], kind=kind))
    result = wait_done(register, '', register.register(one).task)
    assert result.state == 'done', result.message
    assert result.fiscal.total == one.total
    assert result.fiscal.kind == {'income': 1, 'income_return': 2}[one.kind]
    [printed] = [line for line in control('komtet/ledger') if line['external_id'] == one.key]
    assert printed['total'] == f'{one.total / 100:.2f}'
    [task] = control('komtet/tasks')
    assert task['check']['intent'] == {'income': 'sell', 'income_return': 'sellReturn'}[kind]
    assert [(line['name'], line['total'], line['vat']) for line in task['check']['positions']] == [
        (line.name, float(Decimal(line.total) / 100), komtet_const.VATS[line.vat])
        for line in one.lines]


def test_lost_answers_print_one(register, control):
    for fault in ('close_after', 'timeout_after', 'error_5xx_after', 'html_200_after'):
        control('faults', {'kind': fault, 'method': 'POST', 'path': '/task$', 'times': 1})
        one = keyed(receipt())
        with pytest.raises(base.OutcomeUnknown):
            register.register(one)
        with pytest.raises(base.Duplicate):
            register.register(one)
        wait_until(lambda key=one.key: key in str(control('komtet/ledger')), "the receipt")
        assert str(control('komtet/ledger')).count(f"'{one.key}'") == 1


@pytest.mark.parametrize('order', ['', '17-2'])
@pytest.mark.parametrize('kind', ['income', 'income_return'])
def test_correction(control, kind, order):
    own = control('credentials')['komtet']
    register = Komtet(own['url'], own['shop_id'], own['secret'], str(own['queue_id']),
                      person='Иванова А. А.', timeout=(2, 2))
    one = keyed(receipt(item(122000, vat='vat22'), item(50000), kind=kind,
                        correction=Correction(day=date(2026, 3, 1), order=order)))
    result = wait_done(register, '', register.register(one).task)
    assert result.state == 'done', result.message
    assert (result.fiscal.total, result.fiscal.kind) == (172000, const.KINDS[kind])
    [task] = control('komtet/tasks')
    assert task['check']['correction_info'] == {
        'type': 'instruction' if order else 'self', 'base_date': '01.03.2026',
        **({'base_number': order} if order else {})}
    assert task['check']['intent'].endswith('Correction')


def test_sign_of_the_wrong_receipt(register, control):
    one = keyed(receipt(kind='income_return', wrong_sign='1911055232'))
    assert wait_done(register, '', register.register(one).task).state == 'done'
    assert control('komtet/tasks')[0]['check']['additional_check_props'] == '1911055232'


def test_wrong_secret(register, control):
    control('komtet/secret', {})
    with pytest.raises(base.Unauthorized, match='AUT00'):
        register.check()


def test_wrong_queue_holds_the_receipts(register, control):
    own = control('credentials')['komtet']
    other = Komtet(own['url'], own['shop_id'], own['secret'], '999', timeout=(2, 2))
    for call in (other.check, lambda: other.register(keyed(receipt()))):
        with pytest.raises(base.Unauthorized, match='404'):
            call()


def test_queue(register, control):
    assert register.check().prints
    control('komtet/settings', {'queue_state': 'passive'})
    assert not register.check().prints


def test_till_refuses(register, control):
    control('komtet/till_errors', {'text': 'Нет бумаги'})
    result = wait_done(register, '', register.register(keyed(receipt())).task)
    assert (result.state, result.message) == ('failed', 'Нет бумаги')


def test_other_forms_of_the_answer(register, control):
    control('komtet/settings', {'nested_task': True, 'pending_state': 'processing'})
    result = wait_done(register, '', register.register(keyed(receipt())).task)
    assert result.state == 'done'


@pytest.fixture
def listener():
    """ An address that keeps what it is sent. """
    class Handler(http.server.BaseHTTPRequestHandler):
        got = []

        def do_POST(self):
            body = self.rfile.read(int(self.headers['Content-Length']))
            self.got.append((body, self.headers.get('X-HMAC-Signature')))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            """ Keep the tests' output quiet. """

    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f'http://127.0.0.1:{server.server_port}/fiscal/callback/1', Handler.got
    server.shutdown()


@pytest.mark.parametrize('how', ['once', 'forged', 'unsigned'])
def test_callback(register, control, listener, how):
    url, got = listener
    control('komtet/settings', {'callbacks': how})
    one = keyed(receipt())
    register.register(one, url)
    wait_until(lambda: got, "the callback")
    [(body, signature)] = got
    if how != 'once':
        with pytest.raises(base.InvalidCallback):
            register.parse_callback(body, {'X-HMAC-Signature': signature}, url)
        return
    key, result = register.parse_callback(body, {'X-HMAC-Signature': signature}, url)
    assert (key, result.state, result.fiscal.total) == (one.key, 'done', one.total)
