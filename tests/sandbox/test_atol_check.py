""" ATOL Online: what a receipt and a correction must look like. """

import datetime
import json

import pytest
from atol_shop import FULL, LINES, correction, receipt, request_of
from komtet_shop import changed, paths, without

from sandbox.atol_check import validate
from sandbox.atol_protocol import AtolError
from sandbox.atol_shapes import SHAPES
from sandbox.atol_till import SETTINGS
from sandbox.atol_words import AGENTS, METHODS, OBJECTS, TAX_SYSTEMS
from sandbox.ffd import MEASURES, VAT
from sandbox.shape import read

NOW = datetime.datetime(2026, 3, 1, tzinfo=datetime.timezone.utc)


def check(version, content, operation='sell', **settings):
    """ Check a request by the sandbox's own rules. """
    validate(version, operation, read(json.dumps(content).encode()), {**SETTINGS, **settings}, NOW)


def wrong(version, content, operation='sell', **settings):
    """ Return what is wrong with a request. """
    with pytest.raises(AtolError) as caught:
        check(version, content, operation, **settings)
    assert caught.value.code == 32
    return caught.value.detail


def test_every_field_is_taken(atol):
    answer = atol.post(FULL[atol.version])
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {'uuid', 'timestamp', 'error', 'status'}
    [document] = atol.control('documents')
    assert document['request'] == FULL[atol.version]
    assert (document['version'], document['operation']) == (atol.version, 'sell')


def test_full_requests_have_every_field_of_the_shapes():
    for version in ('v4', 'v5'):
        schema = SHAPES[version, False].schema
        assert not _missing(schema, FULL[version])


def _missing(schema, value):
    if schema.get('type') == 'array':
        return _missing(schema['items'], value[0])
    properties = schema.get('properties', {})
    if 'ean8' in properties:
        return set()  # one of them
    return (set(properties) - set(value) if properties else set()).union(
        *(_missing(shape, value[name]) for name, shape in properties.items() if name in value))


@pytest.mark.parametrize('version, path', [
    (version, path) for version in FULL for path in paths(FULL[version])], ids=str)
@pytest.mark.parametrize('value', [None, '', [], {}], ids=str)
def test_null_and_nothing_are_refused_everywhere(version, path, value):
    assert '.'.join(map(str, path)) in wrong(version, changed(FULL[version], path, value))


@pytest.mark.parametrize('raw, status, code', [
    (b'', 400, 40), (b'{', 400, 40), (b'\xff', 400, 40), (b'{"a": NaN}', 400, 40),
    (b'[]', 400, 32), (b'null', 400, 32), (b'{}', 400, 32), (b'[' * 900 + b']' * 900, 400, 32),
    (b'[' * 100000, 400, 40),
], ids=lambda value: str(value)[:20])
def test_body_is_an_object_of_json(atol, raw, status, code):
    answer = atol.call('POST', 'sell', raw)
    assert (answer.status_code, answer.json()['error']['code']) == (status, code)
    assert answer.json().get('status') == ('fail' if code == 32 else None)


@pytest.mark.parametrize('kind', ['text/plain', 'application/x-www-form-urlencoded'])
def test_body_is_declared_as_json(atol, kind):
    answer = atol.post(FULL[atol.version], headers={'Content-Type': kind})
    assert (answer.status_code, answer.json()['error']['code']) == (415, 41)


@pytest.mark.parametrize('version', ['v4', 'v5'])
@pytest.mark.parametrize('path', [
    ('timestamp',), ('external_id',), ('receipt',), ('receipt', 'client'), ('receipt', 'company'),
    ('receipt', 'items'), ('receipt', 'payments'), ('receipt', 'total'),
    ('receipt', 'company', 'email'), ('receipt', 'company', 'inn'),
    ('receipt', 'company', 'payment_address'), ('receipt', 'payments', 0, 'type'),
    ('receipt', 'payments', 0, 'sum'), ('receipt', 'vats', 0, 'type'),
    ('receipt', 'vats', 0, 'sum'),
    *(('receipt', 'items', 0, name) for name in ('name', 'price', 'quantity', 'sum', 'vat')),
    ('receipt', 'items', 0, 'vat', 'type'), ('receipt', 'items', 0, 'agent_info', 'type'),
    ('receipt', 'items', 0, 'supplier_info', 'inn'), ('receipt', 'items', 0, 'supplier_info'),
    ('receipt', 'additional_user_props', 'value'), ('receipt', 'cashless_payments', 0, 'id'),
], ids=str)
def test_required_field_is_named(version, path):
    assert path[-1] in wrong(version, without(FULL[version], path))


@pytest.mark.parametrize('name', ['payment_method', 'payment_object', 'measure'])
def test_required_in_v5(name):
    assert name in wrong('v5', without(FULL['v5'], ('receipt', 'items', 0, name)))


@pytest.mark.parametrize('version, path', [
    ('v4', ('receipt', 'items', 0, 'measure')), ('v4', ('receipt', 'items', 0, 'mark_code')),
    ('v5', ('receipt', 'items', 0, 'measurement_unit')), ('v5', ('receipt', 'agent_info')),
    ('v5', ('receipt', 'items', 0, 'nomenclature_code')), ('v5', ('receipt', 'supplier_info')),
    ('v4', ('receipt', 'sectoral_check_props')), ('v4', ('receipt', 'cashier_inn')),
    ('v4', ('receipt', 'client', 'birthdate')), ('v4', ('ism_optional',)), ('v5', ('print',)),
    ('v5', ('receipt', 'correction_info')), ('v4', ('receipt', 'items', 0, 'discount')),
], ids=str)
def test_field_of_the_other_version_is_refused(version, path):
    assert path[-1] in wrong(version, changed(FULL[version], path, '1'))


@pytest.mark.parametrize('version', ['v4', 'v5'])
@pytest.mark.parametrize('path, value', [
    (('timestamp',), '2026-03-01 12:00:00'), (('timestamp',), '31.02.2026 12:00:00'),
    (('external_id',), 'x' * 129), (('external_id',), 17), (('source_id',), 10),
    (('service', 'callback_url'), 'x' * 257), (('receipt', 'client', 'email'), 'buyer'),
    (('receipt', 'client', 'email'), f'{"x" * 53}@example.com'),
    (('receipt', 'client', 'phone'), '+7 999 000-00-00'), (('receipt', 'client', 'inn'), '123'),
    (('receipt', 'client', 'name'), 'x' * 257), (('receipt', 'company', 'sno'), 'usn'),
    (('receipt', 'company', 'inn'), 9900000017), (('receipt', 'company', 'email'), 'x'),
    (('receipt', 'company', 'payment_address'), 'x' * 257),
    (('receipt', 'items', 0, 'name'), 'x' * 129), (('receipt', 'items', 0, 'price'), '100.25'),
    (('receipt', 'items', 0, 'price'), 100.255), (('receipt', 'items', 0, 'price'), -1),
    (('receipt', 'items', 0, 'price'), 10 ** 10 + 1), (('receipt', 'items', 0, 'quantity'), 0),
    (('receipt', 'items', 0, 'quantity'), 0.0000001),
    (('receipt', 'items', 0, 'quantity'), 10 ** 8),
    (('receipt', 'items', 0, 'sum'), 200.505), (('receipt', 'items', 0, 'vat', 'type'), 'vat18'),
    (('receipt', 'items', 0, 'vat', 'type'), '22'), (('receipt', 'items', 0, 'vat', 'sum'), '1'),
    (('receipt', 'items', 0, 'payment_method'), 'full'),
    (('receipt', 'items', 0, 'payment_method'), 4),
    (('receipt', 'items', 0, 'payment_object'), 'composite'),
    (('receipt', 'items', 0, 'user_data'), 'x' * 65), (('receipt', 'items', 0, 'excise'), -1),
    (('receipt', 'items', 0, 'country_code'), 'RU'), (('receipt', 'payments', 0, 'type'), 10),
    (('receipt', 'items', 0, 'declaration_number'), 'x' * 33),
    (('receipt', 'items', 0, 'agent_info', 'type'), 'agent'),
    (('receipt', 'items', 0, 'agent_info', 'paying_agent', 'operation'), 'x' * 25),
    (('receipt', 'items', 0, 'supplier_info', 'phones', 0), '+7' + '9' * 18),
    (('receipt', 'items', 0, 'supplier_info', 'phones'), '+79990000000'),
    (('receipt', 'payments', 0, 'type'), '1'), (('receipt', 'payments', 0, 'sum'), '200'),
    (('receipt', 'payments', 0, 'type'), True), (('receipt', 'vats', 0, 'type'), 'vat118'),
    (('receipt', 'total'), '200.5'), (('receipt', 'cashier'), 'x' * 65),
    (('receipt', 'device_number'), 'x' * 21), (('receipt', 'internet'), 1),
    (('receipt', 'additional_check_props'), 'x' * 17),
    (('receipt', 'additional_user_props', 'name'), 'x' * 65),
    (('receipt', 'cashless_payments', 0, 'method'), 256),
    (('receipt', 'cashless_payments', 0, 'id'), 'x' * 257),
], ids=str)
def test_wrong_field_is_named(version, path, value):
    assert '.'.join(map(str, path)) in wrong(version, changed(FULL[version], path, value))


@pytest.mark.parametrize('version, path, value', [
    ('v4', ('measurement_unit',), 'x' * 17), ('v4', ('payment_object',), 4),
    ('v4', ('nomenclature_code',), 'x'), ('v4', ('nomenclature_code',), '44 ' * 33 + '44'),
    ('v5', ('payment_object',), 28), ('v5', ('payment_object',), 'service'),
    ('v5', ('payment_object',), '4'), ('v5', ('measure',), 1), ('v5', ('measure',), 'шт'),
    ('v5', ('mark_code',), {'gs1m': 'x', 'short': 'x'}), ('v5', ('mark_code', 'gs1'), 'x'),
    ('v5', ('mark_code',), {'gs1m': 'x' * 204}),
    ('v5', ('mark_code',), {'gs1m': '0104601234567890215ab'}),
    ('v5', ('mark_code',), {'ean13': '1' * 12}),
    ('v5', ('mark_code',), {'fur': '1' * 20}), ('v5', ('mark_processing_mode',), 0),
    ('v5', ('planned_status',), 7), ('v5', ('mark_quantity', 'numerator'), 2),
    ('v5', ('sectoral_item_props', 0, 'date'), '2023-11-21'),
    ('v5', ('sectoral_item_props', 0, 'federal_id'), '30'),
], ids=str)
def test_wrong_field_of_a_line(version, path, value):
    path = ('receipt', 'items', 0, *path)
    assert path[3] in wrong(version, changed(FULL[version], path, value))


@pytest.mark.parametrize('version', ['v4', 'v5'])
def test_words(version):
    def each(path, values):
        for value in values:
            check(version, changed(request_of('receipt', receipt(version)), path, value))

    line = ('receipt', 'items', 0)
    each((*line, 'vat', 'type'), VAT)
    each((*line, 'payment_method'), METHODS)
    each(('receipt', 'company', 'sno'), TAX_SYSTEMS)
    each((*line, 'payment_object'), OBJECTS if version == 'v4' else (*range(1, 28), 30, 32))
    each(('receipt', 'payments', 0, 'type'), range(10))
    if version == 'v5':
        each((*line, 'measure'), MEASURES)
    for agent in AGENTS:
        check(version, changed(FULL[version], (*line, 'agent_info', 'type'), agent))


@pytest.mark.parametrize('code', ['44', '44 4D 01', '010460123456789021abcdefghijklm',
                                  '04601234567890' + 'x' * 15, '4601234567890'])
def test_nomenclature_codes(code):
    check('v4', changed(FULL['v4'], ('receipt', 'items', 0, 'nomenclature_code'), code))


@pytest.mark.parametrize('client, right', [
    ({'email': 'buyer@example.com'}, True), ({'phone': '+79990000000'}, True),
    ({'name': 'Василиса'}, False), ({}, False),
])
@pytest.mark.parametrize('version', ['v4', 'v5'])
def test_client_has_a_contact(version, client, right):
    content = request_of('receipt', receipt(version, client=client))
    if right:
        check(version, content)
    else:
        assert 'client' in wrong(version, content)


def test_russian_phone_without_its_prefix_is_for_v4():
    client = {'phone': '9990000000'}
    check('v4', request_of('receipt', receipt('v4', client=client)))
    assert 'phone' in wrong('v5', request_of('receipt', receipt('v5', client=client)))


@pytest.mark.parametrize('version', ['v4', 'v5'])
def test_number_of_lines(version):
    line = {**LINES[version], 'price': 1, 'quantity': 1, 'sum': 1}
    for count in (100, 101):
        content = request_of('receipt', receipt(
            version, items=[line] * count, payments=[{'type': 1, 'sum': count}], total=count))
        if count == 100:
            check(version, content)
        else:
            assert 'receipt.items' in wrong(version, content)
    payments = [{'type': 1, 'sum': 1}] * 11
    assert 'receipt.payments' in wrong(version, changed(content, ('receipt', 'payments'), payments))


@pytest.mark.parametrize('change, what', [
    ({'quantity': 2, 'sum': 401}, 'quantity: is 1'), ({'mark_code': None}, 'needs a mark_code'),
    ({'mark_quantity': {'numerator': 2, 'denominator': 2}}, 'numerator'),
    ({'wholesale': True}, 'wholesale: needs'),
])
def test_marked_line_of_v5(change, what):
    line = {**FULL['v5']['receipt']['items'][0], **change}
    line = {name: value for name, value in line.items() if value is not None}
    content = changed(FULL['v5'], ('receipt', 'items'), [line])
    assert what in wrong('v5', content)


def test_volume_of_marked_goods():
    values = [{'federal_id': '030', 'date': '21.11.2023', 'number': '1944', 'value': 'crpt=mrk'}]
    line = {**LINES['v5'], 'payment_object': 33, 'mark_code': {'itf14': '1' * 14},
            'wholesale': True, 'sectoral_item_props': values}
    check('v5', request_of('receipt', receipt('v5', items=[line])))
    line['sectoral_item_props'] = [{**values[0], 'value': 'x'}]
    assert 'wholesale' in wrong('v5', request_of('receipt', receipt('v5', items=[line])))


# === CORRECTIONS === #

@pytest.mark.parametrize('version', ['v4', 'v5'])
def test_correction(version):
    operation = 'sell_correction'
    content = request_of('correction', correction(version))
    check(version, content, operation)
    path = ('correction', 'correction_info')
    for name in ('type', 'base_date'):
        assert name in wrong(version, without(content, (*path, name)), operation)
    assert 'type' in wrong(version, changed(content, (*path, 'type'), 'forced'), operation)
    assert 'base_date' in wrong(
        version, changed(content, (*path, 'base_date'), '2025-12-31'), operation)
    assert 'receipt' in wrong(version, request_of('receipt', receipt(version)), operation)
    for field in ('items', 'vats', 'payments'):
        if (version, field) in (('v4', 'items'), ('v5', 'vats')):
            continue
        assert field in wrong(version, without(content, ('correction', field)), operation)


def test_correction_of_v4_has_no_lines():
    content = changed(request_of('correction', correction('v4')), ('correction', 'items'),
                      [LINES['v4']])
    assert 'items' in wrong('v4', content, 'sell_correction')


@pytest.mark.parametrize('version, kind, base_number, right', [
    ('v4', 'self', 'always', False), ('v4', 'instruction', 'always', False),
    ('v4', 'self', 'instruction', True), ('v4', 'instruction', 'instruction', False),
    ('v5', 'self', 'always', True), ('v5', 'instruction', 'always', False),
])
def test_number_of_the_order(version, kind, base_number, right):
    content = request_of('correction', correction(version))
    content = without(content, ('correction', 'correction_info', 'base_number'))
    content = changed(content, ('correction', 'correction_info', 'type'), kind)
    if right:
        check(version, content, 'buy_correction', base_number=base_number)
    else:
        assert 'base_number' in wrong(version, content, 'buy_correction', base_number=base_number)


def test_correction_of_the_internet_has_a_contact():
    content = request_of('correction', correction('v4', internet=True))
    assert 'client' in wrong('v4', content, 'sell_correction')
    for client in ({'email': 'buyer@example.com'}, {'phone': '+79990000000'}):
        check('v4', changed(content, ('correction', 'client'), client), 'sell_correction')
    assert 'phone' in wrong('v4', changed(content, ('correction', 'client'),
                                          {'phone': '9990000000'}), 'sell_correction')
