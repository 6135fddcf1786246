""" What no register promises: what keeps other receipts waiting, what is of one alone.

A receipt that a service chokes on must not stop the till; a service that is down is left alone.
"""

import pytest

from tests.api.server import answer, close
from tests.fiscal import test_atol, test_komtet, test_orangedata, test_paykeeper
from tests.fiscal.receipts import receipt
from tochka_fiscal.registers import atol, base, paykeeper

PAGE = answer('<h1>Fatal error</h1>', content_type='text/html')
UUID = test_atol.UUID


def page(status):
    return answer('<h1>Oh</h1>', status, content_type='text/html')


def refusal(number, status=400):
    return test_atol.refusal(number, http=status)


@pytest.fixture
def make(serve):
    """ Return a function that makes a client of a server that answers once what is asked for. """
    def start(kind, step):
        token = {'atol': [test_atol.TOKEN], 'paykeeper': [test_paykeeper.TOKEN]}.get(kind, [])
        url = f'http://127.0.0.1:{serve(*token, step).port}'
        return {
            'atol': test_atol.make, 'komtet': test_komtet.make,
            'orangedata': test_orangedata.make, 'paykeeper': test_paykeeper.make}[kind](url)

    atol._tokens.clear()
    paykeeper._tokens.clear()
    yield start
    atol._tokens.clear()
    paykeeper._tokens.clear()


# Of this receipt: the register has answered, and goes on with others.
ALONE = [
    *(('atol', step) for step in (
        refusal(40), refusal(50), refusal(50, 500), refusal(1), refusal(0), refusal(777),
        answer({'error': {'code': 'x'}}, 400), answer({}, 404), answer({}, 403), PAGE, page(500),
        answer({}), answer([]), answer({'uuid': '../x', 'error': None}))),
    *(('orangedata', step) for step in (
        page(400), answer({'errors': []}, 400), answer({'errors': 'нет'}, 400),
        answer(['нет'], 400), page(403), page(404), page(500), PAGE)),
    *(('komtet', step) for step in (
        answer({'title': 'Ошибка', 'code': 'SYS00'}, 500), page(500), PAGE, answer([]),
        answer({'id': 7}), page(299))),
    *(('paykeeper', step) for step in (
        PAGE, page(500), page(404), answer({}, 404), answer({'receipt_id': 7}, 201), answer([]),
        answer({'receipt_id': None}))),
]
# Of the register: whoever comes next would fare no better.
TOGETHER = [
    (kind, step) for kind in ('atol', 'orangedata', 'komtet', 'paykeeper') for step in (
        page(502), page(503), page(504), page(501), page(302), page(300), page(399), page(408),
        page(425), page(429), close)
]


@pytest.mark.parametrize(('kind', 'step', 'alone'), [
    *((*one, True) for one in ALONE), *((*one, False) for one in TOGETHER)])
def test_who_waits(make, kind, step, alone):
    with pytest.raises(base.OutcomeUnknown) as caught:
        make(kind, step).register(receipt())
    assert caught.value.alone is alone


@pytest.mark.parametrize('status', [413, 414, 415, 431])
@pytest.mark.parametrize('kind', ['atol', 'orangedata', 'komtet', 'paykeeper'])
def test_request_that_nobody_reads(make, kind, status):
    with pytest.raises(base.Rejected, match=str(status)):
        make(kind, page(status)).register(receipt())


@pytest.mark.parametrize(('kind', 'step'), [
    ('komtet', answer({'title': 'Нет'}, 403)), ('komtet', answer({'title': 'Нет'}, 404)),
    ('atol', refusal(20, 401)), ('atol', answer({}, 401)), ('orangedata', page(401)),
    ('paykeeper', page(401)),
])
def test_settings_are_wrong(make, kind, step):
    with pytest.raises(base.Unauthorized) as caught:
        make(kind, step).register(receipt())
    assert not caught.value.alone


def test_one_receipt_is_not_let_pass(make):
    with pytest.raises(base.NotSent, match='403') as caught:
        make('paykeeper', page(403)).register(receipt())
    assert caught.value.alone


@pytest.mark.parametrize(('kind', 'step'), [
    ('komtet', answer({'title': 'Не найдено'}, 404)), ('atol', answer({}, 404)),
    ('atol', answer({'status': 'done', 'payload': {}})), ('atol', answer({'status': 'lost'})),
    ('atol', answer({'status': 'wait', 'external_id': 'another'})),
    ('orangedata', page(404)), ('orangedata', answer({'id': 'another'})),
    ('orangedata', answer({'id': 'key'})), ('paykeeper', page(404)),
    ('paykeeper', answer({'receipt_key': 'another'})), ('paykeeper', answer({'status': ''})),
])
def test_task_that_is_not_told_of(make, kind, step):
    """ A 404 of one task is no wrong secret. """
    register = make(kind, step)
    if kind in ('atol', 'paykeeper'):
        register.check()
    with pytest.raises(base.OutcomeUnknown) as caught:
        register.status('key', '7')
    assert caught.value.alone


@pytest.mark.parametrize('step', [page(413), page(500), refusal(50, 500), PAGE])
def test_no_token_keeps_all_waiting(serve, step):
    """ What becomes of asking for a token is never about a receipt. """
    for module, make in ((atol, test_atol.make), (paykeeper, test_paykeeper.make)):
        module._tokens.clear()
        with pytest.raises(base.NotSent) as caught:
            make(f'http://127.0.0.1:{serve(step).port}').register(receipt())
        assert not caught.value.alone
