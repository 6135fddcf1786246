""" ATOL Online: tokens, groups, versions of the protocol. """

import json

import pytest
from atol_shop import API, TIMEOUT, AtolShop, receipt, request_of


def error(answer, status, code):
    """ Return the text of an error, checked. """
    assert answer.status_code == status, answer.text
    content = answer.json()['error']
    assert set(content) == {'error_id', 'code', 'text', 'type'} and content['type'] == 'system'
    assert content['code'] == code
    return content['text']


def test_token(atol):
    answer = atol.get_token(source='odoo')
    assert answer.status_code == 200
    assert set(answer.json()) == {'error', 'token', 'timestamp'}
    token = answer.json()['token']
    assert answer.json()['error'] is None and len(token) == 1000
    assert atol.call('GET', f'{atol.group}/report/x', token=token).json()['error']['code'] == 30


def test_token_by_get(atol):
    answer = atol.api.http.get(
        f'{atol.api.url}{API}/{atol.version}/getToken', timeout=TIMEOUT,
        params={'login': atol.credentials['login'], 'pass': atol.credentials['password']})
    assert answer.status_code == 200 and answer.json()['token']


def test_token_in_the_query(atol):
    number = atol.sell()
    answer = atol.api.http.get(
        f'{atol.api.url}{API}/{atol.version}/{atol.group}/report/{number}', timeout=TIMEOUT,
        params={'token': atol.token})
    assert answer.json()['error']['code'] == 34
    assert atol.token not in json.dumps(atol.api.control('requests'))


@pytest.mark.parametrize('values', [
    {'login': 'somebody'}, {'pass': 'x'}, {'login': 'Имя'}, {'pass': 'x' * 100},
])
def test_wrong_login(atol, values):
    answer = atol.get_token(**values)
    error(answer, 401, 12)
    assert 'token' not in answer.json()


@pytest.mark.parametrize('values', [
    {'login': ''}, {'login': None}, {'pass': 5}, {'login': 'x' * 101}, {'group': 'x'},
])
def test_senseless_login(atol, values):
    error(atol.get_token(**values), 400, 13)


def test_login_of_the_other_version(atol):
    other = {'v4': 'v5', 'v5': 'v4'}[atol.version]
    error(atol.get_token(version=other), 401, 21)
    atol.control('settings', token_checks_version=False)
    assert atol.get_token(version=other).status_code == 200


@pytest.mark.parametrize('token', ['', 'x', 'Токен'.encode()])
def test_wrong_token(atol, token):
    content = request_of('receipt', receipt(atol.version))
    error(atol.post(content, token=token), 401, 10)
    error(atol.call('GET', f'{atol.group}/report/x', token=token), 401, 10)
    assert atol.control('documents') == []


def test_token_lives_a_day(api, atol):
    number = atol.sell()
    api.control('clock', advance=24 * 3600 - 60)
    assert atol.post(request_of('receipt', receipt(atol.version))).json()['error']['code'] == 33
    api.control('clock', advance=61)
    error(atol.call('GET', f'{atol.group}/report/{number}'), 401, 11)
    atol.token = atol.get_token().json()['token']
    assert atol.report(number)['status'] == 'fail'  # it has waited for a day


@pytest.mark.parametrize('act, code', [('expire', 11), ('revoke', 10)])
def test_tokens_end_on_command(atol, act, code):
    assert atol.control('tokens') == {'count': 1}
    atol.control('tokens', **{act: True})
    error(atol.post(request_of('receipt', receipt(atol.version))), 401, code)
    atol.token = atol.get_token().json()['token']
    atol.sell()


def test_tokens_live_side_by_side_or_are_the_same(atol):
    first = atol.token
    second = atol.get_token().json()['token']
    assert second != first
    atol.control('settings', same_token=True)
    assert atol.get_token().json()['token'] in (first, second)
    atol.sell()


def test_short_token(atol):
    atol.control('settings', token_length=32)
    atol.token = atol.get_token().json()['token']
    assert len(atol.token) == 32
    atol.sell()


def test_blocked(atol):
    atol.control('settings', blocked=True)
    error(atol.get_token(), 403, 14)
    error(atol.post(request_of('receipt', receipt(atol.version))), 403, 14)


def test_new_passwords(api, atol):
    old = atol.credentials
    atol.control('passwords', 'POST')
    error(atol.get_token(), 401, 12)
    error(atol.post({}), 401, 10)
    new = AtolShop(api, atol.version)
    assert new.credentials['login'] == old['login']
    new.sell()


def test_foreign_group(atol):
    error(atol.call('POST', 'somebody/sell', b'{}'), 401, 20)
    error(atol.call('GET', 'somebody/report/x'), 401, 20)


def test_group_of_the_other_version(atol):
    other = {'v4': 'v5', 'v5': 'v4'}[atol.version]
    content = request_of('receipt', receipt(other))
    error(atol.post(content, version=other), 401, 21)
    assert atol.control('documents') == []


def test_unknown_version(atol):
    answer = atol.call('POST', 'sell', b'{}', version='v3')
    assert answer.status_code == 404
