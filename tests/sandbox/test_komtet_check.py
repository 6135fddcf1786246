""" KOMTET Kassa: what a check and a correction must look like. """

import pytest
from komtet_shop import CHECK, CORRECTION, FULL, POSITION, SECTORAL, changed, paths, without

from sandbox.komtet_check import (
    AGENT_TYPES,
    CORRECTIONS,
    INTENTS,
    MARK_TYPES,
    MEASURES,
    PAYMENT_METHODS,
    PAYMENT_OBJECTS,
    PAYMENT_TYPES,
    TAX_SYSTEMS,
    VAT_RATES,
    read,
    validate,
)
from sandbox.komtet_protocol import KomtetError


def test_new_task(held):
    created = held.add()
    assert set(created) == {'id', 'external_id', 'print_queue_id', 'state'}
    assert (created['external_id'], created['print_queue_id'], created['state']) == (
        'SO1-1', 2001, 'new')
    assert type(created['id']) is int
    assert held.read(created['id']) == {
        'id': created['id'], 'external_id': 'SO1-1', 'state': 'new', 'error_description': None,
        'fiscal_data': None, 'receipt_url': None,
    }


def test_every_field_is_taken(held):
    assert held.post(FULL).status_code == 200
    [task] = held.control('tasks')
    assert task['check'] == FULL


@pytest.mark.parametrize('raw', [
    b'', b'{', b'\xff', b'[]', b'null', b'"check"', b'17', b'{"a": NaN}',
    b'{"a": 1e99999999999999999999}', b'\xef\xbb\xbf{}', '{}'.encode('utf-16'),
    b'{"a": %s}' % (b'9' * 5000), rb'{"a": "\ud800"}',
])
def test_body_is_an_object_of_json(shop, raw):
    answer = shop.call('POST', f'{shop.queue}/task', raw,
                       headers={'Content-Type': 'application/json'})
    assert (answer.status_code, answer.json()['code']) == (422, 'VLD00')


def test_endless_body_is_refused():
    with pytest.raises(KomtetError, match='RecursionError'):
        read(b'[' * 100000)


@pytest.mark.parametrize('kind', [None, 'text/plain', 'application/x-www-form-urlencoded'])
def test_body_is_declared_as_json(shop, kind):
    answer = shop.post(CHECK, headers={'Content-Type': kind})
    assert (answer.status_code, answer.json()['code']) == (422, 'VLD00')
    assert 'Content-Type' in answer.json()['description']


@pytest.mark.parametrize('path', list(paths(FULL)), ids=str)
def test_null_is_refused_everywhere(path):
    with pytest.raises(KomtetError) as caught:
        validate(changed(FULL, path, None))
    where = '.'.join(map(str, path))
    assert f'{where}: None is not ' in str(caught.value)


@pytest.mark.parametrize('path', list(paths(FULL)), ids=str)
@pytest.mark.parametrize('value', ['', [], {}], ids=str)
def test_nothing_is_empty(path, value):
    with pytest.raises(KomtetError):
        validate(changed(FULL, path, value))


@pytest.mark.parametrize('path', [
    *((name,) for name in CHECK), ('company', 'payment_address'), ('company', 'sno'),
    ('payments', 0, 'sum'), ('payments', 0, 'type'),
    *(('positions', 0, name) for name in POSITION),
    ('cashier', 'name'), ('additional_user_props', 'name'), ('additional_user_props', 'value'),
    *(('sectoral_check_props', 0, name) for name in SECTORAL),
    *(('positions', 0, 'sectoral_item_props', 0, name) for name in SECTORAL),
    *(('operating_check_props', name) for name in FULL['operating_check_props']),
    *(('cashless_payments', 0, name) for name in ('sum', 'method', 'id')),
    ('positions', 0, 'mark_quantity', 'numerator'),
    ('positions', 0, 'mark_quantity', 'denominator'), ('positions', 0, 'agent_info', 'type'),
    ('positions', 0, 'agent_info', 'paying_agent', 'operation'),
    ('positions', 0, 'agent_info', 'paying_agent', 'phones'),
    ('positions', 0, 'agent_info', 'receive_payments_operator', 'phones'),
    *(('positions', 0, 'agent_info', 'money_transfer_operator', name)
      for name in ('name', 'phones', 'address', 'inn')),
    *(('positions', 0, 'supplier_info', name) for name in ('name', 'phones', 'inn')),
], ids=str)
def test_required_field_is_named(held, path):
    assert f"'{path[-1]}' is a required property" in held.refused(without(FULL, path))


@pytest.mark.parametrize('path', [
    ('user',), ('sno',), ('payment_address',), ('operation_check_props',), ('correction_info',),
    ('client', 'user'), ('company', 'name'), ('payments', 0, 'amount'),
    ('positions', 0, 'measure_name'), ('positions', 0, 'calculation_method'),
    ('positions', 0, 'discount'), ('cashless_payments', 0, 'additionalInfo'),
    ('positions', 0, 'mark_code', 'gs1'),
], ids=str)
def test_unknown_field_is_refused(held, path):
    description = held.refused(changed(FULL, path, '1'))
    assert path[-1] in description or 'mark_code' in description


@pytest.mark.parametrize('path, value', [
    (('external_id',), True), (('external_id',), 1.5), (('intent',), 'sell_return'),
    (('intent',), 1), (('intent',), []), (('print',), 0), (('print',), 'false'),
    (('internet',), 1), (('timezone',), 0), (('timezone',), 12), (('timezone',), '2'),
    (('timezone',), True), (('company', 'sno'), 3), (('company', 'sno'), '1'),
    (('company', 'sno'), True), (('company', 'sno'), 1.0), (('company', 'inn'), '990000001'),
    (('company', 'inn'), 9900000017), (('company', 'inn'), '990000001x'),
    (('client', 'email'), 'buyer'), (('client', 'email'), 'a b@example.com'),
    (('client', 'email'), f'{"x" * 53}@example.com'), (('client', 'email'), 'a@example.com\n'),
    (('client', 'phone'), '8 (999) 000-00-00'), (('client', 'phone'), 79990000000),
    (('client', 'phone'), '+7'), (('client', 'birthdate'), '1990-12-31'),
    (('client', 'birthdate'), '31.02.1990'), (('client', 'birthdate'), '1.2.1990'),
    (('payments', 0, 'sum'), '200'), (('payments', 0, 'sum'), 0), (('payments', 0, 'sum'), -200),
    (('payments', 0, 'sum'), 200.001), (('payments', 0, 'sum'), True),
    (('payments', 0, 'sum'), 1e10), (('payments', 0, 'sum'), 1e300),
    (('payments', 0, 'type'), 'cashless'), (('payments', 0, 'type'), 5), (('payments',), {}),
    (('positions', 0), 'x'), (('positions', 0, 'name'), 'п' * 129),
    (('positions', 0, 'name'), 17), (('positions', 0, 'price'), '100.25'),
    (('positions', 0, 'price'), -1), (('positions', 0, 'price'), 100.2500001),
    (('positions', 0, 'price'), 0.1 + 0.2), (('positions', 0, 'total'), 200.505),
    (('positions', 0, 'quantity'), 0), (('positions', 0, 'quantity'), -2),
    (('positions', 0, 'quantity'), 2.0000001), (('positions', 0, 'quantity'), '2'),
    (('positions', 0, 'vat'), '18'), (('positions', 0, 'vat'), '118'),
    (('positions', 0, 'vat'), 20), (('positions', 0, 'vat'), 'none'),
    (('positions', 0, 'vat'), 'vat20'), (('positions', 0, 'measure'), 1),
    (('positions', 0, 'measure'), '0'), (('positions', 0, 'measure'), 'шт'),
    (('positions', 0, 'measure'), False), (('positions', 0, 'payment_method'), 'full'),
    (('positions', 0, 'payment_method'), 4), (('positions', 0, 'payment_object'), 'commodity'),
    (('positions', 0, 'payment_object'), 'ATHM'), (('positions', 0, 'excise'), '1'),
    (('positions', 0, 'user_data'), 'x' * 65), (('positions', 0, 'declaration_number'), '1' * 33),
    (('positions', 0, 'mark_code'), '123'), (('positions', 0, 'mark_code'), {'ean8': 1}),
    (('positions', 0, 'mark_code'), {'ean8': '1', 'itf14': '1'}),
    (('positions', 0, 'mark_quantity', 'numerator'), 0), (('positions', 0, 'planned_status'), 7),
    (('positions', 0, 'agent_info', 'type'), 'broker'),
    (('positions', 0, 'agent_info', 'paying_agent', 'operation'), 'x' * 25),
    (('positions', 0, 'agent_info', 'paying_agent', 'phones'), '+79990000000'),
    (('additional_check_props',), 'x' * 17), (('additional_user_props', 'name'), 'x' * 65),
    (('cashier', 'name'), 'x' * 65), (('sectoral_check_props', 0, 'date'), '2023-11-21'),
    (('operating_check_props', 'timestamp'), '31.12.2025'),
    (('callback_url',), 'shop.example/callback'), (('callback_url',), 'ftp://shop.example'),
    (('callback_url',), 'https://shop.example:x/'), (('callback_url',), 'https://[shop/'),
    (('cashless_payments', 0, 'sum'), '200'), (('cashless_payments', 0, 'method'), True),
], ids=str)
def test_wrong_field_is_named(held, path, value):
    assert '.'.join(map(str, path)) in held.refused(changed(FULL, path, value))


def test_all_wrong_fields_are_told_at_once(held):
    check = changed(changed(CHECK, ('print',), 'no'), ('positions', 0, 'vat'), '18')
    description = held.refused(check)
    assert 'print' in description and 'positions.0.vat' in description


@pytest.mark.parametrize('path, values', [
    (('intent',), INTENTS), (('company', 'sno'), TAX_SYSTEMS), (('payments', 0, 'type'),
     PAYMENT_TYPES), (('positions', 0, 'vat'), VAT_RATES), (('positions', 0, 'measure'), MEASURES),
    (('positions', 0, 'payment_method'), PAYMENT_METHODS),
    (('positions', 0, 'payment_object'), PAYMENT_OBJECTS),
    (('positions', 0, 'agent_info', 'type'), AGENT_TYPES), (('timezone',), range(1, 12)),
    (('positions', 0, 'planned_status'), (1, 2, 3, 4, 5, 6, 255)),
    (('external_id',), (17, 0, 'x' * 200)), (('positions', 0, 'name'), ('п', 'п' * 128)),
    (('client', 'email'), (f'{"x" * 52}@example.com',)),
    (('client', 'phone'), ('+79990000000', '79990000000', '9990000000')),
    (('callback_url',), ('http://127.0.0.1:8069/komtet/callback?a=1',)),
    (('positions', 0, 'vat'), ('20', '120', '22', '122')),
])
def test_known_words_and_limits_are_allowed(path, values):
    for value in values:
        validate(changed(FULL, path, value))


@pytest.mark.parametrize('kind', MARK_TYPES)
def test_mark_types(kind):
    check = without(FULL, ('positions', 0, 'wholesale'))
    validate(changed(check, ('positions', 0, 'mark_code'), {kind: '123'}))


@pytest.mark.parametrize('client, right', [
    ({'email': 'buyer@example.com'}, True), ({'phone': '+79990000000'}, True),
    ({'name': 'Василиса'}, False), ({}, False), (None, False),
])
def test_check_of_the_internet_has_a_contact(held, client, right):
    check = {**CHECK, 'internet': True, **({} if client is None else {'client': client})}
    if right:
        assert held.post(check).status_code == 200
    else:
        assert 'client' in held.refused(check)
        assert held.post({**check, 'internet': False}).status_code == 200


@pytest.mark.parametrize('change', [
    {'mark_code': {'ean13': '1'}}, {'quantity': 1, 'total': 100.25}, {'sectoral_item_props': None},
    {'mark_code': None},
])
def test_wholesale_needs_more(change):
    position = {**FULL['positions'][0], **change}
    position = {name: value for name, value in position.items() if value is not None}
    payments = [{'sum': position['total'], 'type': 'card'}]
    check = {**FULL, 'positions': [position], 'payments': payments}
    with pytest.raises(KomtetError, match=r'positions\.0\.wholesale'):
        validate(check)
    position['wholesale'] = False
    validate(check)


# === CORRECTIONS === #


@pytest.mark.parametrize('intent, number', CORRECTIONS.items())
def test_correction(held, intent, number):
    task_id = held.add(**{**CORRECTION, 'intent': intent})['id']
    held.control('step', 'POST')
    assert held.read(task_id)['fiscal_data']['n'] == number
    assert held.control('ledger')[0]['intent'] == intent


@pytest.mark.parametrize('path, value', [
    (('correction_info', 'type'), 'forced'), (('correction_info', 'type'), 'instruction'),
    (('correction_info', 'base_date'), '2025-12-31'), (('authorised_person',), 'Василёк'),
    (('additional_check_props',), 'x' * 17),
])
def test_wrong_correction(held, path, value):
    assert path[0] in held.refused(changed(CORRECTION, path, value))


@pytest.mark.parametrize('path', [
    ('correction_info',), ('authorised_person',), ('correction_info', 'type'),
    ('correction_info', 'base_date'), ('authorised_person', 'name'),
])
def test_correction_needs_more(held, path):
    assert path[-1] in held.refused(without(CORRECTION, path))


def test_correction_by_an_instruction_has_a_number(held):
    held.add(**changed(CORRECTION, ('correction_info',), {
        'type': 'instruction', 'base_date': '31.12.2025', 'base_number': '17'}))
