""" OrangeData: checks of marks, on their own and in documents. """

import pytest
from orangedata_rules import check, wrong
from orangedata_shop import LINES, MARK, receipt, request_of

CHECK = {'itemCode': MARK['itemCode'], 'plannedStatus': 1}
RESULT = {'fsCheckStatus', 'fsCheckStatusCause', 'fsItemCodeType', 'checkResult',
          'oismCheckResultCode', 'oismResponse'}


def question(content=None, **values):
    """ Return a request to check a mark. """
    return request_of(content or CHECK, **{'group': 'Main_2', **values})


def test_marks_that_are_not_accepted(orangedata):
    orangedata.control('settings', marks_fail=True)
    content = request_of(receipt(
        positions=[{**LINES[4], 'price': 0}, {**LINES[4], **MARK}]), id='marked')
    assert orangedata.post(content).status == 201
    ignored = receipt(positions=[{**LINES[4], **MARK}])
    assert orangedata.post(
        request_of(ignored, id='ignored', ignoreItemCodeCheck=True)).status == 201
    orangedata.sell('plain')
    orangedata.control('step', 'POST')
    answer = orangedata.status('marked')
    assert answer.status == 422
    [error] = answer.json()['errors']
    assert (error['position'], error['itemCode']) == (1, MARK['itemCode'])
    assert set(error['checkResult']) == RESULT and error['checkResult']['checkResult'] != 15
    assert orangedata.printed() == ['ignored', 'plain']
    assert orangedata.post(content).status == 409


@pytest.mark.parametrize('fail', [False, True])
def test_check_of_a_mark(orangedata, fail):
    orangedata.control('settings', marks_fail=fail)
    assert orangedata.post(question(meta='x'), 'itemcode').status == 201
    assert orangedata.post(question(), 'itemcode').status == 409
    assert orangedata.status(kind='itemcode').status == 202
    orangedata.control('step', 'POST')
    answer = orangedata.status(kind='itemcode')
    told = answer.json()
    assert answer.status == 200 and set(told) == {
        'id', 'content', 'checkResult', 'callbackUrl', 'meta'}
    assert (told['content'], told['meta']) == (CHECK, 'x')
    assert set(told['checkResult']) == RESULT
    assert (told['checkResult']['checkResult'] == 15) is not fail
    orangedata.control('settings', marks_fail=not fail)
    assert orangedata.status(kind='itemcode').json() == told
    assert orangedata.printed() == []
    orangedata.sell('SO1-2')
    orangedata.control('step', 'POST')
    assert orangedata.printed() == ['SO1-2']


def test_check_that_expires(orangedata):
    orangedata.post(question(), 'itemcode')
    orangedata.control('expire', 'POST')
    assert orangedata.status(kind='itemcode').status == 524


@pytest.mark.parametrize('values', [
    {}, {'quantity': 1}, {'quantityMeasurementUnit': 11, 'quantity': 1.5},
    {'fractionalQuantity': {'numerator': 1, 'denominator': 2}, 'quantity': 0.5},
])
def test_check_that_fits(values):
    check(question({**CHECK, **values}), 'itemcode')


@pytest.mark.parametrize('values, place', [
    ({'itemCode': 'x' * 224}, 'itemCode'), ({'plannedStatus': 0}, 'plannedStatus'),
    ({'quantity': 2}, 'quantity'), ({'more': 1}, 'more'), ({'itemCode': None}, 'itemCode'),
    ({'fractionalQuantity': {'numerator': 2, 'denominator': 1}}, 'fractionalQuantity'),
])
def test_wrong_check(values, place):
    assert f'content.{place}' in wrong(question({**CHECK, **values}), 'itemcode')


@pytest.mark.parametrize('values, place', [
    ({'group': 'Main'}, 'ffdVersion'), ({'ignoreItemCodeCheck': True}, 'ignoreItemCodeCheck'),
])
def test_wrong_request_for_a_check(values, place):
    assert place in wrong(question(**values), 'itemcode')
