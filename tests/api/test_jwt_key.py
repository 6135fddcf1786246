""" What a JWT key tells of itself. """

import json
from datetime import datetime, timezone

import jwt
import pytest

from tochka_acquiring.api.jwt_key import read_key

SECRET = 'secret-of-the-test-that-is-long-enough'


def key(**claims):
    return jwt.encode(claims, SECRET, algorithm='HS256')


def test_client_and_expiry():
    assert read_key(key(iss='c-1', exp=1893456000)) == (
        'c-1', datetime(2030, 1, 1, tzinfo=timezone.utc)
    )


def test_an_expired_key_is_still_read():
    assert read_key(key(iss='c-1', exp=86400)) == (
        'c-1', datetime(1970, 1, 2, tzinfo=timezone.utc)
    )


@pytest.mark.parametrize('claims', [{}, {'iss': ''}, {'iss': 'c-1', 'exp': None}])
def test_a_key_that_says_less(claims):
    # PyJWT's own `encode` refuses to write some of these.
    token = jwt.PyJWS().encode(json.dumps(claims).encode(), SECRET, algorithm='HS256')
    client_id, expires_at = read_key(token)
    assert client_id == (claims.get('iss') or None)
    assert expires_at is None


def test_white_space_of_copying_is_ignored():
    assert read_key(f'\n  {key(iss="c-1")} \r\n')[0] == 'c-1'


@pytest.mark.parametrize('token', ['', 'x', 'a.b', 'a.b.c', '..', 'sandbox.jwt.token', 'Bearer x',
                                   'ключ', 'e30.WzFd.AAAA'])
def test_what_is_no_key(token):
    with pytest.raises(ValueError) as caught:
        read_key(token)
    assert 'three parts' in str(caught.value)
    # It may be a secret after all.
    assert len(token) < 3 or token not in str(caught.value)
