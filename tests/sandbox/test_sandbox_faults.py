""" Faults on command: what was answered, and whether the work was done. """

import threading
import time

import pytest
import requests

from tests.served import wait_until

PAYMENTS = 'acquiring/v1.0/payments'
NO_ANSWER = (requests.ConnectionError, requests.Timeout)


def fault(api, kind, **values):
    """ Order a fault for the creation of operations. """
    api.control('faults', kind=kind, method='POST', path=f'{PAYMENTS}$', **values)


def attempt(api, **options):
    """ Create an operation. :return: The answer. """
    return api.call('POST', PAYMENTS, {'Data': api.request_data()}, **options)


def done(api):
    """ Return how many operations exist. """
    return len(api.control('operations'))


@pytest.mark.parametrize('kind, status, work', [
    ('error_5xx', 502, 0), ('error_5xx_after', 504, 1), ('html_200', 200, 0),
    ('html_200_after', 200, 1),
])
def test_page_instead_of_an_answer(api, kind, status, work):
    fault(api, kind)
    answer = attempt(api)
    assert answer.status_code == status
    assert answer.headers['Content-Type'].startswith('text/html')
    with pytest.raises(ValueError, match='Expecting value'):
        answer.json()
    assert done(api) == work
    assert attempt(api).status_code == 200


def test_status_of_an_error_can_be_chosen(api):
    fault(api, 'error_5xx', status=503)
    assert attempt(api).status_code == 503


@pytest.mark.parametrize('kind, work', [('close_before', 0), ('close_after', 1)])
def test_closed_connection(api, kind, work):
    fault(api, kind)
    with pytest.raises(requests.ConnectionError):
        attempt(api)
    assert done(api) == work
    assert attempt(api).status_code == 200


@pytest.mark.parametrize('kind, work', [('timeout_before', 0), ('timeout_after', 1)])
def test_silence_does_not_hold_up_the_others(api, kind, work):
    fault(api, kind, seconds=60)
    with pytest.raises(requests.ReadTimeout):
        attempt(api, timeout=0.3)
    wait_until(lambda: not api.control('faults')[0]['times'], "the silent call")
    wait_until(lambda: done(api) == work, "the bank's work")
    # It is silent for a minute, and this one waits a third of that.
    assert attempt(api).status_code == 200


@pytest.mark.parametrize('kind, work', [('timeout_before', 0), ('timeout_after', 1)])
def test_silence_ends_without_an_answer(api, kind, work):
    fault(api, kind, seconds=0.2)
    with pytest.raises(requests.ConnectionError):
        attempt(api)
    assert done(api) == work


def test_slow_answer_is_still_right(api):
    fault(api, 'slow', seconds=0.4)
    started = time.monotonic()
    assert attempt(api).status_code == 200
    assert time.monotonic() - started >= 0.4


def test_cut_answer(api):
    fault(api, 'cut_body')
    with pytest.raises(requests.exceptions.RequestException):
        attempt(api)
    assert done(api) == 1


def test_empty_answer_has_nothing_to_be_cut(api):
    """ The cut waits for an answer that it harms: the fault was not played by this one. """
    api.control('faults', kind='cut_body')
    answer = api.http.request('OPTIONS', f'{api.url}/uapi/{PAYMENTS}', timeout=20)
    assert not answer.content
    assert [(rule['times'], rule['harm']) for rule in api.control('faults')] == [(1, 0)]
    with pytest.raises(requests.exceptions.RequestException):
        attempt(api)
    assert [(rule['times'], rule['harm']) for rule in api.control('faults')] == [(0, 1)]


@pytest.mark.parametrize('kind, seconds, patience, harm', [
    ('timeout_before', 0.8, 0.2, 1), ('timeout_after', 0.8, 0.2, 1),
    ('timeout_before', 0.1, 20, 0), ('timeout_after', 0.1, 20, 0),
    ('close_before', 0, 20, 1), ('close_after', 0, 20, 1), ('error_5xx', 0, 20, 1),
    ('html_200_after', 0, 20, 1), ('refuse', 0, 20, 1), ('slow', 0.1, 20, 0),
])
def test_harm_is_counted(api, kind, seconds, patience, harm):
    """ A silence that is shorter than its client's patience is no time-out. """
    fault(api, kind, seconds=seconds)
    try:
        attempt(api, timeout=patience)
    except NO_ANSWER:
        pass
    time.sleep(max(seconds - patience, 0))
    if harm:
        wait_until(lambda: api.control('faults')[0]['harm'] == 1, "the harm", 10)
    else:
        assert api.control('faults')[0]['harm'] == 0


def test_refusal(api):
    fault(api, 'refuse', status=424, message='Сервис недоступен')
    body = {'Data': api.request_data()}
    assert api.refused(424, 'POST', PAYMENTS, body) == ['Сервис недоступен']
    assert done(api) == 0


def test_rules_are_counted_and_used_in_order(api):
    fault(api, 'refuse', status=403, times=2)
    fault(api, 'refuse', status=500)
    assert [attempt(api).status_code for _count in range(4)] == [403, 403, 500, 200]


def test_rules_fit_method_and_path_only(api):
    api.control('faults', kind='refuse', method='GET', path='/payments/[^/]+$')
    operation_id = attempt(api).json()['Data']['operationId']
    assert api.call('GET', f'{PAYMENTS}?customerCode=301234567').status_code == 200
    assert api.call('GET', f'{PAYMENTS}/{operation_id}').status_code == 400
    assert api.call('GET', f'{PAYMENTS}/{operation_id}').status_code == 200


def test_rule_without_a_pattern_fits_everything_of_the_bank(api):
    api.control('faults', kind='error_5xx')
    assert api.http.get(f'{api.url}/doc/openapi/static/keys/public', timeout=20).status_code == 502
    operation_id = api.create()['operationId']
    api.control('faults', kind='error_5xx')
    # Neither the payer's page nor the control is the bank's API.
    assert api.http.get(f'{api.url}/order/?uuid={operation_id}', timeout=20).status_code == 200
    assert api.call('GET', 'nothing').status_code == 502


def test_rules_can_be_forgotten(api):
    fault(api, 'refuse', times=9)
    assert len(api.control('faults')) == 1
    assert api.control('faults', 'DELETE') == []
    assert attempt(api).status_code == 200


@pytest.mark.parametrize('rule', [{'kind': 'earthquake'}, {'path': 'x'}])
def test_unknown_fault_is_refused(api, rule):
    answer = api.http.post(f'{api.url}/_control/faults', json=rule, timeout=20)
    assert answer.status_code == 400 and 'kind' in answer.json()['error']


def test_many_at_once_lose_nothing(api):
    failures = []

    def work(number):
        try:
            with requests.Session() as http:
                http.headers['Authorization'] = f'Bearer {api.token}'
                for step in range(10):
                    answer = http.post(f'{api.url}/uapi/{PAYMENTS}', timeout=60, json={
                        'Data': api.request_data(paymentLinkId=f'{number}-{step}'),
                    })
                    operation_id = answer.json()['Data']['operationId']
                    http.post(f'{api.url}/order/pay', timeout=60, allow_redirects=False,
                              data={'uuid': operation_id, 'method': 'card'})
        except Exception as error:  # it belongs to the test, not to the thread
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    operations = api.control('operations')
    assert len({o['paymentLinkId'] for o in operations}) == 80
    assert {o['status'] for o in operations} == {'APPROVED'}


def test_same_order_number_at_once_is_taken_once(api):
    statuses = []

    def work():
        statuses.append(requests.post(
            f'{api.url}/uapi/{PAYMENTS}', timeout=60,
            json={'Data': api.request_data(paymentLinkId='ONE')},
            headers={'Authorization': f'Bearer {api.token}'},
        ).status_code)

    threads = [threading.Thread(target=work) for _count in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [424] * 7
    assert done(api) == 1


def test_a_fault_waits_for_the_call_that_it_names(api):
    data = api.request_data()
    named = {**data, 'purpose': 'Лекция "А"'}
    fault(api, 'refuse', contains='"purpose": "Лекция')
    for request, status in ((data, 200), (named, 400), (named, 200)):
        assert api.call('POST', PAYMENTS, {'Data': request}).status_code == status
    assert [rule['times'] for rule in api.control('faults')] == [0]


def test_what_a_fault_is_to_contain_is_a_text(api):
    answer = api.http.post(f'{api.url}/_control/faults', json={'kind': 'refuse', 'contains': 5},
                           timeout=10)
    assert answer.status_code == 400 and 'contains' in answer.text
