""" KOMTET Kassa: callbacks. """

import json

import pytest
from komtet_shop import genuine


def test_result_is_told_once(shop, listener):
    task_id = shop.add(callback_url=listener.url)['id']
    headers, body = listener.next()
    assert headers['Content-Type'] == 'application/json'
    assert genuine(shop, listener.url, headers, body)
    assert json.loads(body) == shop.read(task_id)
    assert {'id': task_id, 'external_id': 'SO1-1', 'state': 'done'}.items() <= (
        json.loads(body).items())
    assert listener.nothing_in()
    [callback] = shop.control('callbacks')
    assert (callback['url'], callback['result']) == (listener.url, 200)


def test_error_is_told(shop, listener):
    shop.control('till_errors', text='Нет бумаги')
    shop.add(callback_url=listener.url)
    headers, body = listener.next()
    assert genuine(shop, listener.url, headers, body)
    content = json.loads(body)
    assert (content['state'], content['error_description']) == ('error', 'Нет бумаги')
    assert 'Нет бумаги'.encode() in body


def test_nothing_is_told_before_the_end_or_without_an_address(held, listener):
    held.add(external_id=1, callback_url=listener.url)
    assert listener.nothing_in()
    held.add(external_id=2)
    held.control('step', 'POST')
    assert json.loads(listener.next()[1])['external_id'] == 1
    assert listener.nothing_in()


def test_refused_callback_is_not_repeated(shop, listener):
    shop.add(callback_url=f'{listener.url}&fail=1')
    listener.next()
    assert listener.nothing_in()
    assert [callback['result'] for callback in shop.control('callbacks')] == [500]


def test_silent_address_does_no_harm(shop, listener):
    listener.stop()
    task_id = shop.add(callback_url=listener.url)['id']
    assert shop.final(task_id)['state'] == 'done'
    assert shop.control('callbacks')[0]['result'] == 'ConnectionError'


def test_lost_callback(shop, listener):
    shop.control('settings', callbacks='lost')
    shop.final(shop.add(callback_url=listener.url)['id'])
    assert listener.nothing_in()
    [callback] = shop.control('callbacks')
    assert callback['result'] == 'lost'
    shop.control('callbacks', again=callback['id'])
    assert genuine(shop, listener.url, *listener.next())


def test_doubled_callback(shop, listener):
    shop.control('settings', callbacks='doubled')
    shop.add(callback_url=listener.url)
    first, second = listener.next(), listener.next()
    assert first[1] == second[1] and genuine(shop, listener.url, *second)
    assert listener.nothing_in()
    assert shop.printed() == ['SO1-1']


@pytest.mark.parametrize('mode', ['forged', 'unsigned'])
def test_callback_that_must_not_be_believed(shop, listener, mode):
    shop.control('settings', callbacks=mode)
    shop.add(callback_url=listener.url)
    headers, body = listener.next()
    assert not genuine(shop, listener.url, headers, body)
    assert ('X-HMAC-Signature' in headers) == (mode == 'forged')
    assert listener.nothing_in()


def test_late_callback(shop, listener):
    shop.control('settings', callbacks='late', callback_delay=30)
    shop.add(callback_url=listener.url)
    assert listener.nothing_in(29)
    shop.api.pass_time(1)
    assert genuine(shop, listener.url, *listener.received.get_nowait())


def test_callbacks_by_hand(shop, listener):
    content = {'external_id': 'SO1-1', 'state': 'done'}
    shop.control('callbacks', send=content, url=listener.url)
    headers, body = listener.next()
    assert genuine(shop, listener.url, headers, body) and json.loads(body) == content
    [callback] = shop.control('callbacks')
    shop.control('callbacks', again=callback['id'], copies=2)
    assert [listener.next()[1] for _copy in range(2)] == [body, body]
    shop.control('callbacks', forge=content, url=listener.url)
    headers, body = listener.next()
    assert not genuine(shop, listener.url, headers, body) and json.loads(body) == content
