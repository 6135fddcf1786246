""" Receipts that the bank refuses: with its OpenAPI file, and by the sandbox's own checks. """

import json

import pytest
from sandbox_client import TIMEOUT, WITH_RECEIPT

ITEM = {'name': 'Занятие', 'amount': '300.00', 'quantity': 1}
SUPPLIER = {'phone': '+79990001133', 'name': 'ООО «Поставщик»', 'taxCode': '9900000017'}
CLIENT = {'email': 'buyer@example.com'}
INPUT_VAT = ('none', 'vat0', 'vat5', 'vat7', 'vat10', 'vat22', 'vat105', 'vat107', 'vat110',
             'vat122')
MEASURES = ('г.', 'кг.', 'т.', 'см.', 'дм.', 'м.', 'см2.', 'дм2.', 'м2.', 'мл.', 'л.', 'м3',
            'кВт.ч.', 'Гкал.', 'дн.', 'ч.', 'мин.', 'сек.', 'Кб.', 'Мб.', 'Гб.', 'Тб.', 'шт.')


def changed(values, name, value):
    """ Return a copy with one field changed; Ellipsis leaves it out. """
    return {key: entry for key, entry in {**values, name: value}.items() if entry is not ...}


def named(api, place, **values):
    """ Whether the refusal of a receipt names this place and no other. """
    messages = api.receipt_refused(400, **values)
    assert api.control('operations') == []
    return messages and all(place in message for message in messages)


def test_receipt_is_taken(api, schema):
    api.create_with_receipt()


# === LINES === #


@pytest.mark.parametrize('items', [None, [], [{'name': '', 'amount': '1.00', 'quantity': 1}],
                                   [{'name': 'я' * 257, 'amount': '1.00', 'quantity': 1}]])
def test_items_are_mandatory(api, schema, items):
    assert named(api, 'Items', Items=items)


@pytest.mark.parametrize('field, value', [
    ('name', ...), ('name', None), ('name', ''), ('name', 'я' * 257), ('name', 17),
    ('amount', ...), ('amount', None), ('amount', 0), ('amount', '0.00'), ('amount', -300),
    ('amount', '-300.00'), ('amount', '300,00'), ('amount', 'x'), ('amount', ''), ('amount', True),
    ('amount', 300.001), ('amount', '300.001'), ('amount', '3e2'), ('amount', 10 ** 10),
    ('amount', '١'),
    ('quantity', ...), ('quantity', None), ('quantity', 0), ('quantity', 0.0), ('quantity', -1),
    ('quantity', 'x'), ('quantity', '1'), ('quantity', '1.00'), ('quantity', True),
    ('quantity', 1.0000001), ('quantity', 1e-7), ('quantity', 10 ** 10), ('quantity', 10 ** 400),
    ('vatType', 'vat20'), ('vatType', 'vat120'), ('vatType', 'vat18'), ('vatType', '22'),
    ('vatType', ''), ('vatType', None), ('vatType', 22), ('vatType', ['none']),
    ('paymentMethod', 'advance'), ('paymentMethod', 'prepayment'), ('paymentMethod', 'credit'),
    ('paymentMethod', None), ('paymentMethod', ''),
    ('paymentObject', 'excise'), ('paymentObject', 'payment'), ('paymentObject', 'commodity'),
    ('paymentObject', None), ('paymentObject', ''),
    ('measure', 'шт'), ('measure', 'м3.'), ('measure', 'кг'), ('measure', 'piece'),
    ('measure', 'упак.'), ('measure', ''), ('measure', None), ('measure', 796),
])
def test_values_of_an_item(api, schema, field, value):
    good = {**ITEM, 'amount': '1.00'}
    assert named(api, f'Items.1.{field}' if value is not ... else 'Items.1', amount='2.00',
                 Items=[good, changed(good, field, value)])


@pytest.mark.parametrize('name, field', [('NaN', 'amount'), ('Infinity', 'amount'),
                                         ('NaN', 'quantity'), ('Infinity', 'quantity')])
def test_number_that_json_allows_by_mistake(api, schema, name, field):
    body = json.dumps({'Data': api.receipt_data(Items=[{**ITEM, field: 'X'}])})
    answer = api.http.post(
        f'{api.url}/uapi/{WITH_RECEIPT}', data=body.replace('"X"', name), timeout=TIMEOUT,
        headers={'Authorization': f'Bearer {api.token}', 'Content-Type': 'application/json'},
    )
    assert answer.status_code == 400
    assert field in answer.json()['Errors'][0]['message']


@pytest.mark.parametrize('item', [
    {'name': 'Занятие', 'quantity': 1}, {'name': 'Занятие', 'amount': '1.00'},
    {'name': 'Занятие', 'amount': 0, 'quantity': 1},
    {'name': 'Занятие', 'amount': '1.00', 'quantity': 0}, 'Занятие', None, [],
])
def test_price_and_quantity(api, schema, item):
    assert named(api, 'Items.0', Items=[item])


@pytest.mark.parametrize('field, values', [
    ('name', ('я', 'я' * 256)), ('vatType', INPUT_VAT), ('measure', MEASURES),
    ('paymentMethod', ('full_payment', 'full_prepayment')),
    ('paymentObject', ('goods', 'service', 'work')),
])
def test_values_that_an_item_may_have(api, schema, field, values):
    items = [{**ITEM, field: value} for value in values]
    created = api.create_with_receipt(amount=300 * len(items), Items=items)
    assert [item[field] for item in created['Items']] == list(values)


@pytest.mark.parametrize('amount, price, quantity', [
    (0.01, 0.01, 1), ('0.01', '0.01', 1), (1, 1000000, 0.000001), ('9999999999.99',) * 2 + (1,),
    (1000000, 0.01, 100000000), ('1.50', '1.5', 1), (7, 3.5, 2.0),
])
def test_limits_of_price_and_quantity(api, schema, amount, price, quantity):
    created = api.create_with_receipt(
        amount=amount, Items=[{**ITEM, 'amount': price, 'quantity': quantity}])
    [item] = created['Items']
    assert (item['amount'], item['quantity']) == (float(price), quantity)


# === PEOPLE AND TAXES === #


@pytest.mark.parametrize('client', [
    None, {}, {'phone': '+79990000000'}, {'name': 'Ромашка Василиса'}, 'buyer@example.com', [],
])
def test_email_of_the_client_is_mandatory(api, schema, client):
    assert named(api, 'Client', Client=client)


@pytest.mark.parametrize('email', [
    None, '', 17, 'nobody', 'nobody@', '@example.com', 'a@b@example.com', 'a b@example.com',
    'a@example', 'a@example..com', 'a@.example.com', 'a@example.com.', 'a@-example.com',
    '.a@example.com', 'a.@example.com', 'a..b@example.com', 'a@example.com ', 'a@example.com\n',
    'a@example.com, b@example.com', 'Василиса <a@example.com>', 'почта@example.com',
    'a@пример.рф', 'x' * 65 + '@example.com', 'a@' + 'x' * 250 + '.com', ['a@example.com'],
])
def test_form_of_an_email(api, schema, email):
    assert named(api, 'Client.email', Client={'email': email})


@pytest.mark.parametrize('email', [
    'a@b.ru', "o'neil+tag@mail.example.com", 'a.b-c_d@xn--e1afmkfd.xn--p1ai', '1@1.ru',
    'x' * 64 + '@example.com',
])
def test_emails_that_are_taken(api, schema, email):
    assert api.create_with_receipt(Client={'email': email})['Client'] == {'email': email}


@pytest.mark.parametrize('field, value', [
    ('name', None), ('name', ''), ('name', 17), ('phone', None), ('phone', ''),
    ('phone', 79990000000), ('phone', '8 (999) 000-00-00'), ('phone', '+7 999 000 00 00'),
    ('phone', '9990000000'), ('phone', '+799900000001234'), ('phone', '79990000000+'),
])
def test_name_and_phone_of_the_client(api, schema, field, value):
    assert named(api, f'Client.{field}', Client={**CLIENT, field: value})


@pytest.mark.parametrize('value', ['envd', 'npd', 'usn', 'OSN', '', 1, ['osn']])
def test_tax_system(api, schema, value):
    assert named(api, 'taxSystemCode', taxSystemCode=value)


def test_tax_system_is_not_null(api, schema):
    data = {**api.receipt_data(), 'taxSystemCode': None}
    messages = api.refused(400, 'POST', WITH_RECEIPT, {'Data': data})
    assert all('taxSystemCode' in message for message in messages)


@pytest.mark.parametrize('value', ['osn', 'usn_income', 'usn_income_outcome', 'esn', 'patent'])
def test_tax_systems_that_are_taken(api, schema, value):
    assert api.create_with_receipt(taxSystemCode=value)['taxSystemCode'] == value


@pytest.mark.parametrize('field, value', [
    ('phone', ...), ('phone', ''), ('phone', '+799900011'), ('phone', '+799900011331234'),
    ('phone', '+7(999)0001133'), ('phone', '799900+01133'), ('phone', '+79990001133\n'),
    ('phone', '٧٩٩٩٠٠٠١١٣٣'), ('phone', 79990001133),
    ('name', ...), ('name', ''), ('name', 17), ('name', None),
    ('taxCode', ...), ('taxCode', '990000001'), ('taxCode', '9900000002991'),
    ('taxCode', '99000000x7'), ('taxCode', '9900000017\n'), ('taxCode', 9900000017),
])
@pytest.mark.parametrize('place', ['Supplier', 'Items.0.Supplier'])
def test_supplier(api, schema, place, field, value):
    supplier = changed(SUPPLIER, field, value)
    values = {'Supplier': supplier} if place == 'Supplier' else {
        'Items': [{**ITEM, 'Supplier': supplier}]}
    assert named(api, f'{place}.{field}' if value is not ... else place, **values)


@pytest.mark.parametrize('value', [{}, 'ООО «Поставщик»', [SUPPLIER], 17])
def test_supplier_is_an_object_with_everything(api, schema, value):
    for values in ({'Supplier': value}, {'Items': [{**ITEM, 'Supplier': value}]}):
        assert named(api, 'Supplier', **values)


@pytest.mark.parametrize('supplier', [
    {**SUPPLIER, 'phone': '79990001133'}, {**SUPPLIER, 'phone': '+7999000113'},
    {**SUPPLIER, 'phone': '1' * 15}, {**SUPPLIER, 'taxCode': '990000000299'},
    {**SUPPLIER, 'name': 'я'},
])
def test_suppliers_that_are_taken(api, schema, supplier):
    created = api.create_with_receipt(
        Supplier=supplier, Items=[{**ITEM, 'Supplier': supplier}])
    assert created['Supplier'] == created['Items'][0]['Supplier'] == supplier


def test_all_that_is_wrong_is_named_at_once(api, schema):
    messages = api.receipt_refused(
        400, purpose='', Client={'email': 'nobody'}, taxSystemCode='npd',
        Items=[ITEM, {**ITEM, 'vatType': 'vat20', 'quantity': 0}],
    )
    places = ('purpose', 'Client.email', 'taxSystemCode', 'Items.1.vatType', 'Items.1.quantity')
    found = [place for place in places if any(place in message for message in messages)]
    assert found == list(places) and len(messages) == len(places)


# === THE SUM === #


@pytest.mark.parametrize('amount, lines', [
    ('299.99', [('150.00', 2)]), ('300.01', [('150.00', 2)]), ('450.00', [('150.00', 2)]),
    ('150.00', [('150.00', 2)]), ('0.30', [('0.10', 2), ('0.20', 1)]),
    # A third of 100 roubles does not come to it, whoever rounds.
    ('100.00', [('33.33', 3)]), ('100.00', [('99.99', 1.0001)]),
    # Right when it is rounded, and not exactly.
    ('3.35', [('10.01', 0.335)]),
    # Right exactly, and not when each line is rounded.
    ('0.01', [('0.01', 0.5), ('0.01', 0.5)]),
])
def test_lines_come_to_the_amount(api, schema, amount, lines):
    items = [{**ITEM, 'amount': price, 'quantity': quantity} for price, quantity in lines]
    [message] = api.receipt_refused(400, amount=amount, Items=items)
    assert message.startswith('Items: their sum') and amount in message
    assert api.control('operations') == []
    api.control('variants', receipt_sum_checked=False)
    api.create_with_receipt(amount=amount, Items=items)


@pytest.mark.parametrize('amount, lines', [
    (0.3, [(0.1, 3)]), ('0.30', [(0.1, 1), ('0.2', 1)]), ('1000.10', [(100.01, 10)]),
    ('12.35', [('24.70', 0.5)]), ('3.33', [('10.00', 0.333)]),
    ('100.00', [('33.33', 2), ('33.34', 1)]), (99.99, [('33.33', 3)]),
])
def test_sums_are_exact(api, schema, amount, lines):
    items = [{**ITEM, 'amount': price, 'quantity': quantity} for price, quantity in lines]
    api.create_with_receipt(amount=amount, Items=items)
