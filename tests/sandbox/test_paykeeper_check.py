""" PayKeeper: who asks, the form of a receipt, the cart. """

import base64
import json

import pytest
from paykeeper_shop import API, FORM, FULL_ITEM, ITEM, TIMEOUT, PaykeeperShop

from sandbox.ffd import VAT
from sandbox.paykeeper_words import METHODS, OBJECTS, SUMS

WRONG_TOKEN = 'Токен безопасности не верен.'


# === WHO ASKS === #

@pytest.mark.parametrize('user', [None, ('admin', 'x'), ('somebody', ''), ('имя', 'пароль')])
@pytest.mark.parametrize('method, path', [
    ('GET', 'info/settings/token/'), ('GET', 'info/receipts/byid/?id=1'),
    ('POST', 'change/receipt/print/'),
])
def test_wrong_user(paykeeper, user, method, path):
    user = user and tuple(value.encode() for value in user)
    answer = paykeeper.call(method, path, auth=user)
    assert answer.status_code == 401
    assert answer.headers['WWW-Authenticate'].startswith('Basic')


def test_new_password(api, paykeeper):
    new = paykeeper.control('password', 'POST')
    assert paykeeper.call('GET', 'info/settings/token/').status_code == 401
    paykeeper = PaykeeperShop(api)
    assert new == paykeeper.credentials and paykeeper.user[1] == new['password']
    paykeeper.ordered()


def test_token_lives_a_day(api, paykeeper):
    assert paykeeper.get('info/settings/token')['token'] == paykeeper.token
    api.control('clock', advance=24 * 3600 - 60)
    paykeeper.ordered()
    api.control('clock', advance=61)
    assert paykeeper.refused() == WRONG_TOKEN
    old, paykeeper.token = paykeeper.token, paykeeper.get('info/settings/token/')['token']
    assert paykeeper.token != old
    paykeeper.ordered()


@pytest.mark.parametrize('token', ['', 'x', 'токен', None])
def test_wrong_token_is_told_with_status_200(paykeeper, token):
    assert paykeeper.refused(token=token) == WRONG_TOKEN
    answer = paykeeper.post('change/payment/post-sale-receipt/', id='1', token=token)
    assert paykeeper.failed(answer) == WRONG_TOKEN
    assert paykeeper.control('receipts') == []


def test_letters_are_escaped_as_php_does(paykeeper):
    raw = paykeeper.print_(token='x').content
    assert raw.isascii() and b'\\u0422\\u043e\\u043a\\u0435\\u043d' in raw


def test_token_is_revoked_on_command(paykeeper):
    paykeeper.control('revoke_token', 'POST')
    assert paykeeper.refused() == WRONG_TOKEN
    paykeeper.token = paykeeper.get('info/settings/token/')['token']
    paykeeper.ordered()


def test_short_life_of_a_token(api, paykeeper):
    paykeeper.control('settings', token_seconds=5)
    paykeeper.control('revoke_token', 'POST')
    paykeeper.token = paykeeper.get('info/settings/token/')['token']
    api.control('clock', advance=6)
    assert paykeeper.refused() == WRONG_TOKEN


def test_wrong_token_as_a_bare_text(paykeeper):
    paykeeper.control('settings', token_answer='text')
    answer = paykeeper.print_(token='x')
    assert (answer.status_code, answer.text) == (200, WRONG_TOKEN)
    assert paykeeper.refused(type='x') != WRONG_TOKEN


def test_json_may_be_declared_as_a_page(paykeeper):
    assert paykeeper.print_().headers['Content-Type'].startswith('application/json')
    paykeeper.control('settings', json_as_html=True)
    for answer in (paykeeper.print_(), paykeeper.print_(type='x')):
        assert answer.headers['Content-Type'].startswith('text/html') and answer.json()


def test_json_is_no_form(paykeeper):
    answer = paykeeper.call('POST', 'change/receipt/print/', json={'token': paykeeper.token})
    assert 'form' in paykeeper.failed(answer)


def test_unknown_path(paykeeper):
    answer = paykeeper.api.http.get(f'{paykeeper.api.url}{API}/info/nothing/', timeout=TIMEOUT,
                                    auth=paykeeper.user)
    assert answer.status_code == 404


# === THE FORM === #

@pytest.mark.parametrize('fields, what', [
    ({'type': 'return'}, 'тип'), ({'type': ''}, 'тип'), ({'type': None}, 'тип'),
    ({'is_post_sale': 'yes'}, 'is_post_sale'), ({'is_correction': '1'}, 'is_correction'),
    ({'is_correction': 'true'}, 'коррекции'), ({'refund_id': '5'}, 'Возврат'),
    ({'payment_id': '5'}, 'Платёж'), ({'contact': ''}, 'contact'), ({'contact': None}, 'contact'),
    ({'contact': 'Ромашка Василиса'}, 'contact'), ({'contact': 'x' * 60 + '@a.ru'}, 'contact'),
    ({'contact': '+7 999 000-00-00'}, 'contact'), ({'sum_cashless': '200,50'}, 'sum_cashless'),
    ({'sum_cashless': '200.505'}, 'sum_cashless'), ({'sum_cashless': '-200.50'}, 'sum_cashless'),
    ({'sum_cash': ''}, 'sum_cash'), ({'sum_cash': '1e2'}, 'sum_cash'),
    ({'cart': ''}, 'cart'), ({'cart': '['}, 'cart'),
    ({'cart': '[]'}, 'cart'), ({'cart': '{}'}, 'cart'), ({'cart': 'null'}, 'cart'),
    ({'cart': json.dumps(json.dumps([ITEM]))}, 'cart'), ({'cart': '[1]'}, '0'),
    ({'receipt_properties': '[]'}, 'receipt_properties'), ({'key': 'x'}, 'key'),
    ({'receipt_properties': 'x'}, 'receipt_properties'), ({'sum_card': '1'}, 'sum_card'),
    ({'correction_type': 'self'}, 'correction_type'), ({'type': ['sale', 'sale']}, 'type'),
], ids=str)
def test_wrong_form(paykeeper, fields, what):
    assert what in paykeeper.refused(**fields)
    assert paykeeper.control('receipts') == []


def test_receipt_without_a_payment_needs_a_cart(paykeeper):
    assert 'cart' in paykeeper.failed(paykeeper.post('change/receipt/print/', **FORM))


@pytest.mark.parametrize('contact', ['buyer@example.com', '+79990000000', '9990000000'])
def test_contacts(paykeeper, contact):
    number = paykeeper.ordered(contact=contact)
    assert paykeeper.read(number)['contact'] == contact


def test_name_as_contact_where_it_is_not_checked(paykeeper):
    paykeeper.control('settings', contact_checked=False)
    paykeeper.ordered(contact='Ромашка Василиса')
    paykeeper.step()
    assert paykeeper.control('ledger')[0]['1008'] == 'Ромашка Василиса'


def test_fields_that_may_be_left_out(paykeeper):
    names = ('payment_id', 'is_post_sale', 'is_correction', 'refund_id', 'receipt_key',
             *(name for name in SUMS if name != 'sum_cashless'))
    paykeeper.ordered(**dict.fromkeys(names))
    paykeeper.step()
    assert paykeeper.printed() == [None]


@pytest.mark.parametrize('sums', [
    {'sum_cashless': '200.49'}, {'sum_cashless': '200.51'}, {'sum_cash': '0.01'},
    dict.fromkeys(SUMS, '0'), dict.fromkeys(SUMS),
], ids=str)
def test_sums_are_those_of_the_cart(paykeeper, sums):
    assert '200.5' in paykeeper.refused(**sums)


# === THE CART === #

def test_every_field_of_a_line(paykeeper):
    paykeeper.ordered([FULL_ITEM])
    paykeeper.step()
    [entry] = paykeeper.control('ledger')
    assert entry['lines'] == [{
        '1030': 'x' * 128, '1079': '200.50', '1023': '1', '1043': '200.50', '1199': 11,
        '1212': 33, '1214': 1, '2108': 0, '2000': '0104600' * 4, '1291': '1/4', '1229': '1.50',
        '1230': '643', '1231': 'x' * 32}]


@pytest.mark.parametrize('name', ['name', 'price', 'quantity', 'sum', 'tax'])
def test_required_field_of_a_line(paykeeper, name):
    item = {key: value for key, value in ITEM.items() if key != name}
    assert f"'{name}' is a required property" in paykeeper.refused([item])


@pytest.mark.parametrize('name', FULL_ITEM)
@pytest.mark.parametrize('value', [None, '', [], {}], ids=str)
def test_null_and_nothing_are_refused(paykeeper, name, value):
    assert f'0.{name}' in paykeeper.refused([{**FULL_ITEM, name: value}])


@pytest.mark.parametrize('name, value', [
    ('name', 'x' * 129), ('name', 5), ('price', -1), ('price', '100,25'), ('price', 100.255),
    ('price', '1e2'), ('quantity', 0), ('quantity', 0.0000001), ('quantity', 'x'),
    ('quantity', '99999999999999999999'),
    ('sum', 200.505), ('tax', 'vat18'), ('tax', '22'), ('tax', 6), ('item_type', 'commodity'),
    ('payment_type', 'full_payment'), ('payment_type', 4), ('item_code', 'x' * 224),
    ('items_in_package', 0), ('items_in_package', '4'), ('measure', 11),
    ('measure', 'кг'), ('excise', -1),
    ('customs_declaration', 'x' * 33), ('tax_sum', 0), ('discount', 1), ('tru_code', '1'),
], ids=str)
def test_wrong_field_of_a_line(paykeeper, name, value):
    assert name in paykeeper.refused([{**FULL_ITEM, name: value}])


@pytest.mark.parametrize('change, what', [
    ({'sum': 200.49}, 'sum'), ({'quantity': 2, 'sum': 401}, 'quantity'),
    ({'item_code': None}, 'item_code'), ({'item_code_b64': 'eA=='}, 'item_code'),
    ({'item_code': None, 'item_code_b64': '*'}, 'base64'),
    ({'items_in_package': None}, 'items_in_package'), ({'items_sold_from_package': 5}, 'package'),
    ({'item_code': None, 'item_type': 'goods'}, 'items_in_package'),
], ids=str)
def test_contradictions_of_a_line(paykeeper, change, what):
    item = {**FULL_ITEM, **change}
    item = {name: value for name, value in item.items() if value is not None}
    assert what in paykeeper.refused([item], sum_cashless=str(item['sum']))


def test_numbers_may_be_quoted(paykeeper):
    paykeeper.ordered([{**ITEM, 'price': '100.25', 'quantity': '2', 'sum': '200.50'}])
    paykeeper.step()
    [line] = paykeeper.control('ledger')[0]['lines']
    assert (line['1079'], line['1023'], line['1043']) == ('100.25', '2', '200.50')


@pytest.mark.parametrize('price, quantity, cost, right', [
    ('33.33', '0.3', '10.00', True), ('10.05', '0.1', '1.01', True), ('0.1', '3', '0.3', True),
    ('10.05', '0.1', '1.00', False), ('47.8', '21.99', '1051.00', False),
])
def test_sum_is_price_by_quantity_rounded_half_up(paykeeper, price, quantity, cost, right):
    cart = [{**ITEM, 'price': price, 'quantity': quantity, 'sum': cost}]
    if right:
        paykeeper.ordered(cart, sum_cashless=cost)
    else:
        assert 'price × quantity' in paykeeper.refused(cart, sum_cashless=cost)


@pytest.mark.parametrize('name, values, tag', [
    ('tax', VAT, '1199'), ('payment_type', METHODS, '1214'), ('item_type', OBJECTS, '1212'),
])
def test_words(paykeeper, name, values, tag):
    code = {'item_code_b64': base64.b64encode(b'mark').decode()}
    item = {**ITEM, 'price': 1, 'quantity': 1, 'sum': 1, **code}
    paykeeper.ordered([{**item, name: value} for value in values], sum_cashless=str(len(values)))
    paykeeper.step()
    lines = paykeeper.control('ledger')[0]['lines']
    assert [line[tag] for line in lines] == list(values.values())
    assert {line['2000'] for line in lines} == {'mark'}


@pytest.mark.parametrize('measure, told', [
    ('pcs', 0), ('g', 10), ('kg', 11), ('m', 22), ('l', 41),
])
def test_measures(paykeeper, measure, told):
    paykeeper.ordered([{**ITEM, 'measure': measure}])
    paykeeper.step()
    assert paykeeper.control('ledger')[0]['lines'][0]['2108'] == told


def test_defaults_of_a_line(paykeeper):
    item = {name: value for name, value in ITEM.items() if not name.endswith('_type')}
    paykeeper.ordered([item])
    paykeeper.control('settings', default_payment_type='prepay')
    paykeeper.ordered([item], receipt_key='SO1-2')
    paykeeper.step()
    assert [(entry['lines'][0]['1212'], entry['lines'][0]['1214'])
            for entry in paykeeper.control('ledger')] == [(1, 4), (1, 1)]


@pytest.mark.parametrize('rate', ['vat20', 'vat120'])
def test_old_rates_in_2026(api, paykeeper, rate):
    cart = [{**ITEM, 'tax': rate}]
    api.control('clock', set='2026-01-01T00:00:00+03:00')
    paykeeper.token = paykeeper.get('info/settings/token/')['token']
    paykeeper.ordered(cart)
    paykeeper.control('settings', vat20_in_sales=False, return_type='refund')
    assert '2026' in paykeeper.refused(cart, receipt_key='SO1-2')
    paykeeper.ordered(cart, receipt_key='SO1-3', type='refund')
    api.control('clock', set='2025-12-31T23:59:59+03:00')
    paykeeper.ordered(cart, receipt_key='SO1-4')
