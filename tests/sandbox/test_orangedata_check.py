""" OrangeData: what a receipt and a correction must look like. """

import base64

import pytest
from komtet_shop import changed, paths, without
from orangedata_rules import check, line, wrong
from orangedata_shop import AGENT, FULL, INDUSTRY, MARK, correction12, receipt, request_of

from sandbox.orangedata_shapes import content_of
from sandbox.orangedata_till import SETTINGS

NULLABLE = {('group',), ('callbackUrl',), ('callbackApiKey',),
            ('content', 'positions', 0, 'paymentMethodType'),
            ('content', 'positions', 0, 'paymentSubjectType')}
LINE = ('content', 'positions', 0)
CLOSE = ('content', 'checkClose')


# === FIELDS === #

@pytest.mark.parametrize('version', FULL)
def test_every_field_is_taken(orangedata, version):
    answer = orangedata.post(FULL[version])
    assert (answer.status, answer.raw) == (201, b''), answer.raw.decode()
    [document] = orangedata.control('documents')
    assert document['request'] == FULL[version]


@pytest.mark.parametrize('version', FULL)
def test_full_requests_have_every_field_of_the_shapes(version):
    missing = _missing(content_of('documents', version, SETTINGS), FULL[version]['content'])
    assert missing == ({'industryAttributes'} if version == 4 else set())


def _missing(schema, value):
    if 'items' in schema:
        return _missing(schema['items'], value[0])
    properties = schema.get('properties', {})
    return (set(properties) - set(value) if properties else set()).union(
        *(_missing(shape, value[name]) for name, shape in properties.items() if name in value))


@pytest.mark.parametrize('version, path', [
    (version, path) for version in FULL for path in paths(FULL[version])], ids=str)
@pytest.mark.parametrize('value', [None, '', [], {}], ids=str)
def test_null_and_nothing_are_refused(version, path, value):
    content = changed(FULL[version], path, value)
    if value is None and path in NULLABLE:
        assert '.'.join(map(str, path)) not in (
            wrong(content) if path == ('group',) else check(content) or '')
    else:
        assert '.'.join(map(str, path)) in wrong(content)


@pytest.mark.parametrize('version, path', [(version, path) for version in FULL for path in (
    ('id',), ('inn',), ('key',), ('content',), ('content', 'type'), ('content', 'positions'),
    ('content', 'checkClose'), ('content', 'customerContact'),
    *((*LINE, name) for name in ('text', 'quantity', 'price', 'tax')),
    (*CLOSE, 'payments'), (*CLOSE, 'taxationSystem'), (*CLOSE, 'payments', 0, 'type'),
    (*CLOSE, 'payments', 0, 'amount'), (*CLOSE, 'electronicPaymentsInfo', 'payments', 0, 'id'),
    ('content', 'additionalUserAttribute', 'value'),
)], ids=str)
def test_required_field_is_named(version, path):
    assert f'{".".join(map(str, path))}: обязательное поле' in wrong(without(FULL[version], path))


@pytest.mark.parametrize('version, path, value', [
    (2, (*LINE, 'itemCode'), 'x'), (2, (*LINE, 'plannedStatus'), 1), (2, (*LINE, 'barcodes'), {}),
    (2, (*LINE, 'quantityMeasurementUnit'), 0), (2, (*LINE, 'fractionalQuantity'), {}),
    (2, (*LINE, 'industryAttribute'), INDUSTRY), (2, ('content', 'customerInfo'), {}),
    (2, ('content', 'operationalAttribute'), {}), (2, ('content', 'industryAttribute'), INDUSTRY),
    (4, (*LINE, 'nomenclatureCode'), 'x'), (4, (*LINE, 'unitOfMeasurement'), 'шт'),
    (4, ('content', 'customer'), 'x'), (4, ('content', 'customerINN'), '9900000017'),
    (4, ('content', 'agentType'), 1), (4, ('content', 'supplierPhoneNumbers'), ['+79990000000']),
    *((4, ('content', name), value) for name, value in AGENT.items()),
    (4, ('content', 'correctionType'), 0), (4, (*LINE, 'sum'), 200.5), (4, ('print',), True),
    (4, ('content', 'vat11Sum'), 1), (2, (*LINE, 'discount'), 1),
], ids=str)
def test_field_of_the_other_version_is_unknown(version, path, value):
    text = wrong(changed(FULL[version], path, value))
    assert f'{".".join(map(str, path))}: неизвестное поле' in text


@pytest.mark.parametrize('path, value', [
    (('id',), 'x' * 65), (('id',), 17), (('inn',), '123456789'), (('inn',), 9900000017),
    (('group',), 'x' * 33), (('key',), 'x' * 33), (('callbackUrl',), 'shop.example'),
    (('callbackUrl',), 'https://x/' + 'x' * 1015), (('callbackApiKey',), 'x' * 3073),
    (('meta',), 'x' * 129), (('ignoreItemCodeCheck',), 'true'), (('content', 'ffdVersion'), '4'),
    (('content', 'type'), 0), (('content', 'type'), 5), (('content', 'type'), '1'),
    (('content', 'type'), True), (('content', 'type'), 1.5),
    (('content', 'customerContact'), '89990000000'), (('content', 'customerContact'), 'nobody'),
    (('content', 'customerContact'), '+7 999'),
    (('content', 'customerContact'), 'x' * 60 + '@x.ru'),
    ((*CLOSE, 'taxationSystem'), 6), ((*CLOSE, 'payments', 0, 'type'), 0),
    ((*CLOSE, 'payments', 0, 'type'), 17), ((*CLOSE, 'payments', 0, 'amount'), '200.5'),
    ((*CLOSE, 'payments', 0, 'amount'), -1), ((*CLOSE, 'payments', 0, 'amount'), 200.505),
    ((*CLOSE, 'electronicPaymentsInfo', 'payments', 0, 'type'), 256),
    ((*CLOSE, 'electronicPaymentsInfo', 'payments', 0, 'id'), 'x' * 257),
    ((*LINE, 'text'), 'x' * 129), ((*LINE, 'quantity'), 0), ((*LINE, 'quantity'), '1'),
    ((*LINE, 'quantity'), 0.0000001), ((*LINE, 'price'), 0.001), ((*LINE, 'price'), '1'),
    ((*LINE, 'price'), 100000000), ((*LINE, 'tax'), 0), ((*LINE, 'tax'), 11), ((*LINE, 'tax'), 12),
    ((*LINE, 'tax'), 'vat20'), ((*LINE, 'paymentMethodType'), 8),
    ((*LINE, 'paymentMethodType'), 0), ((*LINE, 'paymentSubjectType'), 28),
    ((*LINE, 'paymentSubjectType'), 34), ((*LINE, 'supplierINN'), '1'),
    ((*LINE, 'supplierInfo', 'phoneNumbers', 0), '89990000000'),
    ((*LINE, 'supplierInfo', 'phoneNumbers', 0), '+' + '9' * 19),
    ((*LINE, 'agentType'), 0), ((*LINE, 'agentType'), 128),
    ((*LINE, 'agentInfo', 'paymentAgentOperation'), 'x' * 25),
    ((*LINE, 'agentInfo', 'paymentOperatorName'), 'x' * 65),
    ((*LINE, 'additionalAttribute'), 'x' * 65), ((*LINE, 'manufacturerCountryCode'), 'RU'),
    ((*LINE, 'customsDeclarationNumber'), 'x' * 33), ((*LINE, 'itemCode'), 'x' * 224),
    ((*LINE, 'plannedStatus'), 7), ((*LINE, 'assignedStatus'), 0),
    ((*LINE, 'quantityMeasurementUnit'), 1), ((*LINE, 'fractionalQuantity', 'numerator'), 0),
    ((*LINE, 'industryAttribute', 'foivId'), '0300'),
    ((*LINE, 'industryAttribute', 'causeDocumentDate'), '2023-11-21'),
    ((*LINE, 'barcodes', 'ean13'), '1' * 12), ((*LINE, 'barcodes', 'egais30'), 'x' * 13),
    (('content', 'cashierINN'), '9900000017'), (('content', 'senderEmail'), 'shop'),
    (('content', 'additionalAttribute'), 'x' * 17), (('content', 'timeZone'), 0),
    (('content', 'timeZone'), 12), (('content', 'isInternetStore'), 1),
    (('content', 'useTax20'), 1), (('content', 'automatNumber'), 'x' * 21),
    (('content', 'settlementPlace'), 'x' * 244), (('content', 'vat1Sum'), '1'),
    (('content', 'customerInfo', 'birthDate'), '31.02.1990'),
    (('content', 'customerInfo', 'name'), 'x' * 240),
    (('content', 'customerInfo', 'identityDocumentCode'), '1'),
    (('content', 'operationalAttribute', 'id'), 256),
    (('content', 'operationalAttribute', 'date'), '31.12.2025'),
], ids=str)
def test_wrong_value_is_named(path, value):
    assert '.'.join(map(str, path)) in wrong(changed(FULL[4], path, value))


@pytest.mark.parametrize('value', ['x', 'YWI=', base64.b64encode(b'x' * 33).decode()])
def test_product_code_of_ffd_105(value):
    assert 'nomenclatureCode' in wrong(line(2, nomenclatureCode=value))


def test_everything_is_told_at_once(orangedata):
    text = orangedata.refused(request_of(receipt(type=9, customerContact='x', more=1)))
    assert all(name in text for name in ('content.type', 'content.customerContact', 'content.more'))


@pytest.mark.parametrize('subject', [*range(1, 28), *range(30, 34)])
def test_subjects(subject):
    mark = {**MARK, 'paymentSubjectType': subject} if subject in (31, 33) else {}
    check(line(**{'paymentSubjectType': subject, **mark}))
    if subject >= 30:
        assert 'paymentSubjectType' in wrong(line(2, paymentSubjectType=subject))
    else:
        check(line(2, paymentSubjectType=subject))


@pytest.mark.parametrize('contact', ['none', '+79990000000', 'a@b'])
def test_contacts(contact):
    check(request_of(receipt(customerContact=contact)))


def test_use_tax_20_is_unknown_to_the_protocol_of_2025():
    content = request_of(receipt(useTax20=True))
    check(content)
    assert 'content.useTax20: неизвестное поле' in wrong(content, use_tax20_known=False)


@pytest.mark.parametrize('kind, fits', [(1, False), (2, True), (3, False), (4, True)])
def test_old_rate_in_sales_of_2026(kind, fits):
    content = request_of(receipt(useTax20=True, type=kind))
    check(content)
    if fits:
        check(content, vat20_in_sales=False)
    else:
        assert 'content.useTax20' in wrong(content, vat20_in_sales=False)
    fixed = request_of(correction12(useTax20=True, type=kind))
    check(fixed, 'correction12', vat20_in_sales=False)


@pytest.mark.parametrize('tax', [11, 12])
def test_taxes_of_2026_by_their_numbers(tax):
    check(line(tax=tax), tax_11_12=True)


# === GROUPS === #

@pytest.mark.parametrize('group, version, fits', [
    ('Main', 2, True), ('Main_2', 4, True), (None, 2, True), ('Main_2', 2, False),
    ('Vend_2', 2, False), ('Main', 4, False), (None, 4, False), ('Nobody', 2, False),
    ('main', 2, False),
])
def test_version_of_the_group(group, version, fits):
    content = request_of(receipt(version), group=group)
    if fits:
        check(content)
    else:
        assert 'group' in wrong(content) or 'ffdVersion' in wrong(content)


def test_version_left_out_is_105():
    check(request_of(receipt(2, ffdVersion=None), group='Main'))
    assert 'content.ffdVersion' in wrong(request_of(receipt(2, ffdVersion=None), group='Main_2'))
    assert 'content.ffdVersion' in wrong(request_of(receipt(2, ffdVersion=3), group='Main'))


def test_new_format_in_a_plain_group():
    check(request_of(receipt(), group='Main'), ffd12_in_plain_groups=True)


@pytest.mark.parametrize('name', ['automatNumber', 'settlementAddress', 'settlementPlace',
                                  'cashier'])
@pytest.mark.parametrize('group', ['Main_2', 'Vend_2', 'Courier_2'])
def test_fields_of_machines_and_couriers(name, group):
    content = request_of(receipt(**{name: 'x'}), group=group)
    if group == 'Main_2' or (name, group) == ('cashier', 'Vend_2'):
        assert f'content.{name}: не допускается' in wrong(content)
    else:
        check(content)


# === MARKS, AGENTS === #

@pytest.mark.parametrize('values, place', [
    ({**MARK, 'plannedStatus': None}, 'plannedStatus'),
    ({**MARK, 'quantity': 2, 'price': 100.25}, 'quantity'),
    ({'plannedStatus': 1}, 'plannedStatus'), ({'assignedStatus': 1}, 'assignedStatus'),
    ({'fractionalQuantity': {'numerator': 1, 'denominator': 2}}, 'fractionalQuantity'),
    ({**MARK, 'fractionalQuantity': {'numerator': 2, 'denominator': 2}}, 'fractionalQuantity'),
    ({'paymentSubjectType': 31}, 'itemCode'), ({'paymentSubjectType': 33}, 'itemCode'),
    ({'industryAttribute': INDUSTRY, 'industryAttributes': [INDUSTRY]}, 'industryAttribute'),
    ({'agentInfo': AGENT}, 'agentType'),
    ({'agentType': 1, 'agentInfo': {**AGENT, 'paymentOperatorAddress': 'x' * 243}}, 'agentInfo'),
    ({'supplierInfo': {'name': 'x' * 224, 'phoneNumbers': ['+79990000000']}}, 'supplierInfo'),
])
def test_line_that_contradicts_itself(values, place):
    assert f'content.positions.0.{place}' in wrong(line(**values))


@pytest.mark.parametrize('values', [
    MARK, {**MARK, 'quantity': 0.5, 'price': 401,
           'fractionalQuantity': {'numerator': 1, 'denominator': 2}},
    {**MARK, 'quantity': 2, 'price': 100.25, 'plannedStatus': 2, 'quantityMeasurementUnit': 11},
    {'industryAttributes': [INDUSTRY, INDUSTRY]},
    {'supplierInfo': {'name': 'x' * 223, 'phoneNumbers': ['+79990000000']}},
])
def test_line_that_fits(values):
    check(line(**values))


def test_agent_at_check_level_needs_its_type():
    assert 'agentType' in wrong(request_of(receipt(2, **AGENT)))
    assert 'agentType' in wrong(request_of(receipt(2, supplierPhoneNumbers=['+79990000000'])))


def test_attribute_is_limited_together():
    check(request_of(receipt(additionalUserAttribute={'name': 'x', 'value': 'x' * 234})))
    text = wrong(request_of(receipt(additionalUserAttribute={'name': 'xx', 'value': 'x' * 234})))
    assert 'additionalUserAttribute' in text
