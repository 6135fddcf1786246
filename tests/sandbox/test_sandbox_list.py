""" The list of operations: pages, days, statuses. """

import pytest
from sandbox_client import COMPANY, SECOND_COMPANY

PAYMENTS = 'acquiring/v1.0/payments'


def listed(api, **query):
    """ List the operations of the company. :return: The answer. """
    answer = api.call('GET', PAYMENTS, params={'customerCode': COMPANY, **query})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_list_is_paged(api):
    created = [api.create(paymentLinkId=f'N-{number}')['operationId'] for number in range(5)]
    seen = []
    for page in (1, 2, 3):
        answer = listed(api, page=page, perPage=2)
        assert answer['Meta'] == {'totalPages': 3}
        seen += [o['operationId'] for o in answer['Data']['Operation']]
        assert ('prev' in answer['Links'], 'next' in answer['Links']) == (page > 1, page < 3)
    assert len(seen) == 5 and set(seen) == set(created)
    assert listed(api, page=4, perPage=2)['Data']['Operation'] == []


def test_links_of_a_page_lead_to_the_next_page_of_the_same_list(api):
    wanted = {api.create()['operationId'] for _count in range(3)}
    answer = listed(api, perPage=2, status='CREATED')
    following = api.http.get(
        answer['Links']['next'], headers={'Authorization': f'Bearer {api.token}'}, timeout=20,
    )
    assert following.status_code == 200, following.text
    both = answer['Data']['Operation'] + following.json()['Data']['Operation']
    assert {operation['operationId'] for operation in both} == wanted


def test_list_by_status_and_company(api):
    paid, opened = api.paid(), api.create()['operationId']
    api.create(customerCode=SECOND_COMPANY, merchantId=None)
    assert [o['operationId'] for o in listed(api, status='APPROVED')['Data']['Operation']] == [paid]
    assert {o['operationId'] for o in listed(api)['Data']['Operation']} == {paid, opened}
    assert api.read(paid) in listed(api)['Data']['Operation']


def test_list_by_the_day_of_creation_in_moscow(api):
    by_day = {}
    # 23:30 UTC is the next day in Moscow.
    for moment, day in (('2026-03-01T20:30:00+00:00', '2026-03-01'),
                        ('2026-03-01T23:30:00+00:00', '2026-03-02'),
                        ('2026-03-03T12:00:00+03:00', '2026-03-03')):
        api.control('clock', set=moment)
        by_day[day] = api.create()['operationId']
    for query, days in (
        ({'fromDate': '2026-03-02'}, ['2026-03-02', '2026-03-03']),
        ({'toDate': '2026-03-02'}, ['2026-03-01', '2026-03-02']),
        ({'fromDate': '2026-03-02', 'toDate': '2026-03-02'}, ['2026-03-02']),
        ({'fromDate': '2026-03-04'}, []),
    ):
        found = {o['operationId'] for o in listed(api, **query)['Data']['Operation']}
        assert found == {by_day[day] for day in days}, query


@pytest.mark.parametrize('query', [
    {'page': 'x'}, {'page': 0}, {'perPage': 0}, {'fromDate': '01.03.2026'}, {'toDate': 'soon'},
    {'status': 'PAID'},
])
def test_senseless_list_is_a_validation_error(api, query):
    api.refused(400, 'GET', PAYMENTS, params={'customerCode': COMPANY, **query})
