""" OAuth 2.0: what exactly is sent, and what becomes of the answer. """

import logging
import traceback
import urllib.parse
from datetime import datetime, timezone

import pytest

from tochka_acquiring import const
from tochka_acquiring.api.errors import (
    NotSent,
    OutcomeUnknown,
    Rejected,
    TochkaError,
    Unauthorized,
)
from tochka_acquiring.api.oauth import Consent, OAuthApplication, Tokens

from .server import answer, close, closed_port, refuse, silence

SECRET, CODE, REFRESH = 'secret-of-the-app', 'code-0123456789', 'refresh-0123456789'
ACCESS = 'access-0123456789'
PAIR = {'token_type': 'bearer', 'access_token': ACCESS, 'refresh_token': 'refresh-new',
        'expires_in': 86400, 'user_id': 'u-1', 'state': 's'}
PERMISSIONS = ('ReadAcquiringData', 'MakeAcquiringOperation')
REDIRECT = f'https://odoo.example{const.OAUTH_RETURN_ROUTE}'


@pytest.fixture
def make_app():
    """ Return a function that makes the application of a server or an address. """
    def make(server):
        return OAuthApplication(
            getattr(server, 'url', server), 'app-1', SECRET, timeout=(2, 1))
    return make


def form_of(request):
    """ Return the body of a request as a form. """
    assert request.headers['Content-Type'] == 'application/x-www-form-urlencoded'
    return dict(urllib.parse.parse_qsl(request.body.decode()))


def test_consent_is_created_with_the_client_token(serve, make_app):
    server = serve(
        answer({'token_type': 'bearer', 'access_token': 'client-token', 'expires_in': 86400}),
        answer({'Data': {'Consent': [{'consentId': 'c-1', 'status': 'AwaitingAuthorisation',
                                      'permissions': list(PERMISSIONS)}]}}),
    )
    assert make_app(server).create_consent(PERMISSIONS) == 'c-1'
    token, consent = server.requests
    assert (token.method, token.target) == ('POST', '/connect/token')
    assert form_of(token) == {
        'client_id': 'app-1', 'client_secret': SECRET, 'grant_type': 'client_credentials',
        'scope': 'accounts balances customers statements sbp payments acquiring',
    }
    assert 'Authorization' not in token.headers
    assert (consent.method, consent.target) == ('POST', '/uapi/consent/v1.0/consents')
    assert consent.headers['Authorization'] == 'Bearer client-token'
    assert consent.json == {'Data': {'permissions': list(PERMISSIONS)}}


@pytest.mark.parametrize('token', ['', None, 7, ['x'], {}])
def test_no_token_no_consent(serve, make_app, token):
    """ An empty token is none: nothing is asked for with it. """
    server = serve(answer({'token_type': 'bearer', 'access_token': token}))
    with pytest.raises(OutcomeUnknown, match='did not return a token'):
        make_app(server).create_consent(PERMISSIONS)
    assert len(server.requests) == 1


@pytest.mark.parametrize('data', [
    {'Consent': [{'consentId': 'c-1', 'status': 'Authorised', 'permissions': ['A', 'B']}]},
    {'Consent': {'consentId': 'c-1', 'status': 'Authorised', 'permissions': ['A', 'B']}},
    {'consentId': 'c-1', 'status': 'Authorised', 'permissions': ['A', 'B']},
])
def test_consent_is_read_in_each_documented_form(data):
    assert Consent.from_answer(data) == Consent('c-1', 'Authorised', ('A', 'B'))


def test_end_of_a_consent():
    consent = Consent.from_answer({
        'consentId': 'c', 'permissions': [], 'expirationDateTime': '2027-01-01T00:00:00+03:00'})
    assert consent.expires_at == datetime(2026, 12, 31, 21, tzinfo=timezone.utc)


@pytest.mark.parametrize('data', [
    {}, {'Consent': []}, {'Consent': None}, {'Consent': ['x']}, {'consentId': ''},
    {'consentId': 'c-1'}, {'consentId': 'c-1', 'permissions': 'A'},
])
def test_no_consent_in_the_answer(data):
    with pytest.raises(OutcomeUnknown):
        Consent.from_answer(data)


def test_address_of_the_consent_page(make_app):
    url = make_app('https://enter.tochka.com/uapi/').authorize_url('c-1', 's & t', REDIRECT)
    parts = urllib.parse.urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.path) == (
        'https', 'enter.tochka.com', '/connect/authorize')
    assert dict(urllib.parse.parse_qsl(parts.query)) == {
        'client_id': 'app-1', 'response_type': 'code', 'state': 's & t', 'redirect_uri': REDIRECT,
        'scope': const.OAUTH_SCOPE, 'consent_id': 'c-1',
    }


def test_code_is_exchanged(serve, make_app):
    server = serve(answer(PAIR))
    assert make_app(server).exchange_code(CODE, REDIRECT) == Tokens(ACCESS, 'refresh-new', 86400)
    (request,) = server.requests
    assert form_of(request) == {
        'client_id': 'app-1', 'client_secret': SECRET, 'grant_type': 'authorization_code',
        'scope': const.OAUTH_SCOPE, 'code': CODE, 'redirect_uri': REDIRECT,
    }


def test_access_is_renewed(serve, make_app):
    server = serve(answer(PAIR))
    assert make_app(server).refresh(REFRESH) == Tokens(ACCESS, 'refresh-new', 86400)
    (request,) = server.requests
    assert form_of(request) == {
        'client_id': 'app-1', 'client_secret': SECRET, 'grant_type': 'refresh_token',
        'refresh_token': REFRESH,
    }


@pytest.mark.parametrize(('told', 'lives'), [
    (3600, 3600), ('3600', 3600), (None, 86400), (0, 86400), (-5, 86400), ('soon', 86400),
    (10 ** 9, 86400), (1, 1), (86400, 86400), (86401, 86400), (float('inf'), 86400),
])
def test_life_of_the_access(serve, make_app, told, lives):
    app = make_app(serve(answer({**PAIR, 'expires_in': told})))
    assert app.refresh(REFRESH).expires_in == lives


@pytest.mark.parametrize('data', [
    {}, {**PAIR, 'access_token': ''}, {**PAIR, 'refresh_token': None}, {**PAIR, 'access_token': 1},
])
def test_half_a_pair_is_no_pair(serve, make_app, data):
    with pytest.raises(OutcomeUnknown):
        make_app(serve(answer(data))).refresh(REFRESH)


@pytest.mark.parametrize(('status', 'code', 'kind'), [
    (400, 'invalid_grant', Rejected), (401, 'invalid_client', Unauthorized),
    (503, 'temporarily_unavailable', OutcomeUnknown),
])
def test_refusal_in_the_form_of_the_standard(serve, make_app, status, code, kind):
    server = serve(answer({'error': code, 'error_description': 'The code is too old'}, status))
    with pytest.raises(kind, match='The code is too old') as caught:
        make_app(server).exchange_code(CODE, REDIRECT)
    assert (caught.value.error_code, caught.value.http_status) == (code, status)


def test_refusal_without_a_description(serve, make_app):
    with pytest.raises(Rejected, match='invalid_grant'):
        make_app(serve(answer({'error': 'invalid_grant'}, 400))).refresh(REFRESH)


def test_nothing_is_sent_twice(serve, make_app):
    """ A refresh token and a code work once: whoever lost the answer decides what to do. """
    for step, kind in ((silence, OutcomeUnknown), (close, OutcomeUnknown)):
        server = serve(step)
        with pytest.raises(kind):
            make_app(server).refresh(REFRESH)
        assert len(server.requests) == 1
    with pytest.raises(NotSent):
        make_app(f'http://127.0.0.1:{closed_port()}/').refresh(REFRESH)


@pytest.mark.parametrize(('call', 'secrets'), [
    (lambda app: app.create_consent(PERMISSIONS), (SECRET,)),
    (lambda app: app.refresh(REFRESH), (SECRET, REFRESH)),
    (lambda app: app.exchange_code(CODE, REDIRECT), (SECRET, CODE)),
])
@pytest.mark.parametrize('step', [
    refuse(400, f'{SECRET} {CODE} {REFRESH} is wrong'),
    answer({'error': 'invalid_grant', 'error_description': f'{SECRET}/{CODE}/{REFRESH}'}, 400),
    answer({'error': f'{SECRET} {CODE} {REFRESH}'}, 401), silence, close,
    answer(f'{SECRET} {CODE} {REFRESH}'),
])
def test_no_secret_is_left_behind(serve, make_app, caplog, call, secrets, step):
    caplog.set_level(logging.DEBUG)
    app = make_app(serve(step))
    left = [repr(app)]
    with pytest.raises(TochkaError) as caught:
        call(app)
    left += [str(caught.value), repr(vars(caught.value)),
             *traceback.format_exception(caught.value), caplog.text]
    for secret in secrets:
        assert secret not in '\n'.join(left)


def test_tokens_do_not_show_themselves():
    assert ACCESS not in repr(Tokens(ACCESS, REFRESH, 86400))
    assert REFRESH not in repr(Tokens(ACCESS, REFRESH, 86400))
