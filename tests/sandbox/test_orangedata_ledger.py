""" OrangeData: what the documents mean, in tags of the fiscal data format. """

import pytest
from orangedata_shop import BARCODES, FULL, INN, LINES, MARK, correction, correction12, request_of


@pytest.mark.parametrize('version', [2, 4])
def test_meaning_of_a_simple_receipt(api, orangedata, version):
    api.control('clock', set='2026-03-01T12:00:30+03:00')
    orangedata.sell(version=version)
    orangedata.control('step', 'POST')
    [entry] = orangedata.control('ledger')
    data = entry.pop('fiscal_data')
    assert set(data) == {'1012', '1020', '1037', '1038', '1040', '1041', '1042', '1077'}
    assert (data['1012'], data['1020']) == ('2026-03-01T12:00:30', '200.50')
    assert entry == {
        'id': 'SO1-1', 'key': 'SO1-1', 'document': 'receipt', 'group': {2: 'Main', 4: 'Main_2'}[
            version], '1209': version, '1054': 1, '1055': 2, '1018': INN,
        '1187': 'https://romashka.example.com', '1020': '200.50', '1008': 'buyer@example.com',
        'correction': None,
        'lines': [{'1030': 'Занятие', '1079': '100.25', '1023': '2', '1043': '200.50', '1199': 6,
                   '1212': 4, '1214': 4, **{2: {'1197': 'шт'}, 4: {'2108': 0}}[version]}],
        'payments': {'1031': '0.00', '1081': '200.50', '1215': '0.00', '1216': '0.00',
                     '1217': '0.00'},
    }


def test_defaults_are_a_full_settlement_for_goods(orangedata):
    orangedata.sell(positions=[{'text': 'Мяч', 'price': 200.5, 'quantity': 1, 'tax': 6,
                                'paymentMethodType': None}])
    orangedata.control('step', 'POST')
    [entry] = orangedata.control('ledger')
    assert (entry['lines'][0]['1214'], entry['lines'][0]['1212']) == (4, 1)


def vat(orangedata, **values):
    """ Print every rate. :return: Tag 1199 of the lines, and of the sums. """
    count = values.pop('count', 10)
    orangedata.sell(
        positions=[{**LINES[4], 'price': 0, 'tax': tax} for tax in range(1, count + 1)],
        checkClose={'taxationSystem': 0, 'payments': [{'type': 2, 'amount': 0}]},
        **{f'vat{number}Sum': number for number in range(1, 11)}, **values)
    orangedata.control('step', 'POST')
    [entry] = orangedata.control('ledger')
    return ([line['1199'] for line in entry['lines']],
            {tax['1199']: tax['sum'] for tax in entry['vats']})


SUMS = {2: '2.00', 5: '3.00', 6: '4.00', 4: '6.00', 7: '7.00', 8: '8.00', 9: '9.00', 10: '10.00'}


@pytest.mark.parametrize('moment, flag, twenty, calculated', [
    ('2026-01-01T00:00:00+03:00', None, 11, 12), ('2026-03-01T00:00:00+03:00', False, 11, 12),
    ('2026-03-01T00:00:00+03:00', True, 1, 3), ('2025-12-31T23:59:59+03:00', None, 1, 3),
])
def test_rates(api, orangedata, moment, flag, twenty, calculated):
    api.control('clock', set=moment)
    lines, sums = vat(orangedata, useTax20=flag)
    assert lines == [twenty, 2, calculated, 4, 5, 6, 7, 8, 9, 10]
    assert sums == {**SUMS, twenty: '1.00', calculated: '5.00'}


def test_rates_of_2026_by_their_numbers(api, orangedata):
    api.control('clock', set='2026-03-01T12:00:00+03:00')
    orangedata.control('settings', tax_11_12=True)
    assert vat(orangedata, count=12)[0] == [11, 2, 12, 4, 5, 6, 7, 8, 9, 10, 11, 12]


def test_what_is_printed_lacks_what_the_till_lacks(orangedata):
    orangedata.sell(positions=[{**LINES[4], 'text': 'Чай «Ёлка» — 5 ₽'}])
    orangedata.control('step', 'POST')
    assert orangedata.control('ledger')[0]['lines'][0]['1030'] == 'Чай Ёлка  5 '
    assert orangedata.status().json()['content']['positions'][0]['text'] == 'Чай «Ёлка» — 5 ₽'


@pytest.mark.parametrize('version', [2, 4])
def test_meaning_of_everything(api, orangedata, version):
    api.control('clock', set='2026-03-01T12:00:00+03:00')
    assert orangedata.post(FULL[version]).status == 201
    orangedata.control('step', 'POST')
    [entry] = orangedata.control('ledger')
    [line] = entry['lines']
    agent = {'1044': 'x' * 24, '1073': ['+79990000002'], '1074': ['+79990000003'],
             '1075': ['+79990000001'], '1026': 'Оператор', '1005': 'Москва', '1016': INN}
    assert (line['1199'], line['1200'], line['1222'], line['1223'], line['1226']) == (
        11, '36.16', 64, agent, '990000000299')
    assert line['1224'] == {'1225': 'Поставщик', '1171': ['+79990000000']}
    assert entry['1084'] == {'1085': 'Заказ', '1086': '17'} and entry['1125'] is True
    assert (entry['1187'], entry['1009'], entry['1036'], entry['1021'], entry['1011']) == (
        'https://shop.example', 'Москва', 'x' * 20, 'Василёк', 2)
    assert entry['1235'][0] == {'1082': '200.50', '1236': 255, '1237': 'x' * 256,
                                '1238': 'x' * 256}
    if version == 2:
        assert (entry['1057'], entry['1223'], entry['1224']) == (
            1, agent, {'1171': ['+79990000000']})
        assert line['1162'] and entry['1228'] == '990000000299'
    else:
        assert (line['2000'], line['2003'], line['2110'], line['1291'], line['1212']) == (
            MARK['itemCode'], 2, 255, '1/2', 33)
        assert len(line['1163']) == len(BARCODES) and line['1163']['1301'] == '1' * 8
        industry = {'1262': '030', '1263': '21.11.2023', '1264': '1944', '1265': 'UUID=1&Time=2'}
        assert line['1260'] == [industry] == entry['1261']
        assert entry['1270'] == {'1271': 255, '1272': 'x' * 64, '1273': '31.12.2025 23:59:59'}
        assert (entry['1227'], entry['1243'], entry['1245']) == ('Ромашка В.', '31.12.1990', '21')


def test_meaning_of_corrections(api, orangedata):
    api.control('clock', set='2026-03-01T12:00:00+03:00')
    cause = {'correctionType': 1, 'causeDocumentNumber': '17'}
    orangedata.post(request_of(correction12(type=2, **cause), id='1'), 'correction12')
    orangedata.post(request_of(correction(
        cashSum=100.5, eCashSum=100, tax5Sum=18.08, **cause), id='2'), 'corrections')
    orangedata.control('step', 'POST')
    new, old = orangedata.control('ledger')
    assert new['correction'] == {'1173': 1, '1178': '31.12.2025', '1179': '17'}
    assert old['correction'] == new['correction']
    assert (new['document'], old['document'], new['1209'], old['1209']) == (
        'correction', 'correction', 4, 2)
    assert (new['1054'], len(new['lines']), new['payments']['1081']) == (2, 1, '200.50')
    assert (old['lines'], old['1020'], old['payments']['1031'], old['payments']['1081']) == (
        [], '200.50', '100.50', '100.00')
    assert old['vats'] == [{'1199': 12, 'sum': '18.08'}]
