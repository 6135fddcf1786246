""" OAuth 2.0 and consents, through HTTP alone. """

import re
import urllib.parse

import jwt
import pytest
from sandbox_client import COMPANY, SECOND_COMPANY, TIMEOUT

APP = 'school-app'
REDIRECT = 'https://odoo.example.com/return'
SCOPE = 'accounts balances customers statements sbp payments acquiring'
PERMISSIONS = ['ReadCustomerData', 'ReadAcquiringData', 'MakeAcquiringOperation']


class App:
    """ An application as its maker writes it. """

    def __init__(self, api):
        self.api = api
        self.secret = api.control(
            'apps', client_id=APP, redirect_uris=[REDIRECT], name='Школа')['client_secret']

    def token(self, status=200, **form):
        answer = self.api.http.post(f'{self.api.url}/connect/token', data={
            'client_id': APP, 'client_secret': self.secret, **form}, timeout=TIMEOUT)
        assert answer.status_code == status, answer.text
        return answer.json()

    def client_token(self):
        return self.token(grant_type='client_credentials', scope=SCOPE)['access_token']

    def consent(self, permissions=PERMISSIONS, **values):
        data = self.api.data('POST', 'consent/v1.0/consents', {
            'Data': {'permissions': permissions, **values}}, token=self.client_token())
        return data['Consent'][0]['consentId'] if 'Consent' in data else data['consentId']

    def page(self, consent_id, method='GET', status=200, form=(), **changes):
        query = {
            'client_id': APP, 'response_type': 'code', 'state': 'st&te', 'redirect_uri': REDIRECT,
            'scope': SCOPE, 'consent_id': consent_id, **changes,
        }
        options = {'params': query} if method == 'GET' else {
            'data': [*query.items(), *form]}
        answer = self.api.http.request(
            method, f'{self.api.url}/connect/authorize', timeout=TIMEOUT, allow_redirects=False,
            **options)
        assert answer.status_code == status, answer.text
        return answer

    def decide(self, consent_id, outcome='allow', customers=(COMPANY, SECOND_COMPANY),
               permissions=PERMISSIONS):
        """ Press a button on the page, and return what comes back to the redirect address. """
        form = [('outcome', outcome), *(('customer', c) for c in customers),
                *(('permission', p) for p in permissions)]
        answer = self.page(consent_id, 'POST', 303, form)
        location = urllib.parse.urlsplit(answer.headers['Location'])
        assert location._replace(query='').geturl() == REDIRECT
        return dict(urllib.parse.parse_qsl(location.query))

    def exchange(self, code, status=200, redirect_uri=REDIRECT):
        return self.token(status, grant_type='authorization_code', scope=SCOPE, code=code,
                          redirect_uri=redirect_uri)

    def connect(self, **decision):
        """ Go the whole way. :return: The tokens. """
        return self.exchange(self.decide(self.consent(), **decision)['code'])

    def refresh(self, token, status=200):
        return self.token(status, grant_type='refresh_token', refresh_token=token)


@pytest.fixture
def app(api):
    """ A registered application. """
    return App(api)


def test_whole_way(api, app):
    consent_id = app.consent()
    page = app.page(consent_id).text
    assert 'Школа' in page
    assert re.findall(r'name="permission" value="(\w+)" checked', page) == PERMISSIONS
    assert re.findall(r'name="customer" value="(\d+)" checked', page) == [COMPANY, SECOND_COMPANY]
    back = app.decide(consent_id)
    assert back['state'] == 'st&te'
    tokens = app.exchange(back['code'])
    assert (tokens['token_type'], tokens['expires_in']) == ('bearer', 86400)
    assert {'access_token', 'refresh_token', 'state', 'user_id'} <= tokens.keys()
    companies = api.data('GET', 'open-banking/v1.0/customers', token=tokens['access_token'])
    assert [c['customerCode'] for c in companies['Customer']] == [COMPANY, SECOND_COMPANY]
    consent = api.data('GET', f'consent/v1.0/consents/{consent_id}', token=tokens['access_token'])
    assert (consent['status'], consent['permissions']) == ('Authorised', PERMISSIONS)
    assert consent['clientId'] == APP


def test_only_what_is_ticked_is_allowed(api, app):
    tokens = app.connect(customers=[SECOND_COMPANY], permissions=['ReadCustomerData'])
    token = tokens['access_token']
    data = api.data('GET', 'open-banking/v1.0/customers', token=token)
    assert [c['customerCode'] for c in data['Customer']] == [SECOND_COMPANY]
    assert api.refused(
        403, 'GET', f'acquiring/v1.0/retailers?customerCode={SECOND_COMPANY}', token=token
    ) == ['Missing permission']


def test_other_company_is_forbidden(api, app):
    token = app.connect(customers=[SECOND_COMPANY])['access_token']
    assert api.refused(
        403, 'GET', f'acquiring/v1.0/retailers?customerCode={COMPANY}', token=token
    ) == ['Forbidden by consent']


def test_refused_consent(api, app):
    consent_id = app.consent()
    assert app.decide(consent_id, 'refuse') == {'error': 'access_denied', 'state': 'st&te'}
    assert 'уже обработано' in app.page(consent_id, status=400).text
    status = {c['consentId']: c['status'] for c in api.control('consents')}
    assert status[consent_id] == 'Rejected'


@pytest.mark.parametrize('change', [
    {'redirect_uri': 'https://evil.example.com/'}, {'client_id': 'nobody'}, {'state': ''},
    {'response_type': 'token'}, {'consent_id': 'unknown'},
])
def test_wrong_request_leads_nobody_back(app, change):
    consent_id = app.consent()
    assert 'id="problem"' in app.page(**{'consent_id': consent_id, 'status': 400, **change}).text


def test_wrong_secret(app):
    app.secret = 'wrong'
    answer = app.token(401, grant_type='client_credentials', scope=SCOPE)
    assert answer['error'] == 'invalid_client'


def test_unknown_grant(app):
    assert app.token(400, grant_type='password')['error'] == 'unsupported_grant_type'
    assert app.token(400, grant_type='client_credentials')['error'] == 'invalid_request'


def test_code_works_once(app):
    code = app.decide(app.consent())['code']
    app.exchange(code)
    assert app.exchange(code, 400)['error'] == 'invalid_grant'


def test_code_lives_five_minutes(api, app):
    codes = [app.decide(app.consent())['code'] for _count in range(2)]
    api.control('clock', advance=299)
    app.exchange(codes[0])
    api.control('clock', advance=2)
    assert 'expired' in app.exchange(codes[1], 400)['error_description']


def test_code_is_bound_to_the_address(app):
    code = app.decide(app.consent())['code']
    assert app.exchange(code, 400, 'https://odoo.example.com/other')['error'] == 'invalid_grant'


def test_access_lives_a_day(api, app):
    tokens = app.connect()
    api.control('clock', advance=24 * 3600)
    api.refused(401, 'GET', 'open-banking/v1.0/customers', token=tokens['access_token'])
    renewed = app.refresh(tokens['refresh_token'])
    api.data('GET', 'open-banking/v1.0/customers', token=renewed['access_token'])


def test_refresh_token_rotates(api, app):
    tokens = app.connect()
    renewed = app.refresh(tokens['refresh_token'])
    assert renewed['refresh_token'] != tokens['refresh_token']
    assert app.refresh(tokens['refresh_token'], 400)['error'] == 'invalid_grant'
    app.refresh(renewed['refresh_token'])
    # The access token that was given before works to its end.
    api.data('GET', 'open-banking/v1.0/customers', token=tokens['access_token'])


def test_old_refresh_token_may_work(api, app):
    api.control('variants', old_refresh_token='works')
    tokens = app.connect()
    app.refresh(tokens['refresh_token'])
    app.refresh(tokens['refresh_token'])


def test_refresh_token_lives_thirty_days(api, app):
    tokens = app.connect()
    api.control('clock', advance=30 * 24 * 3600)
    assert 'expired' in app.refresh(tokens['refresh_token'], 400)['error_description']


def test_revoked_consent(api, app):
    consent_id = app.consent()
    tokens = app.exchange(app.decide(consent_id)['code'])
    api.control(f'revoke/{consent_id}', 'POST')
    assert api.refused(
        403, 'GET', 'open-banking/v1.0/customers', token=tokens['access_token']
    ) == ['Forbidden by consent']
    assert app.refresh(tokens['refresh_token'], 400)['error'] == 'invalid_grant'


def test_consent_with_an_end(api, app):
    consent_id = app.consent(expirationDateTime='2099-01-01T00:00:00+03:00')
    token = app.exchange(app.decide(consent_id)['code'])['access_token']
    consent = api.data('GET', f'consent/v1.0/consents/{consent_id}', token=token)
    assert consent['expirationDateTime'].startswith('2099-01-01')


def test_client_token_is_for_consents_only(api, app):
    token = app.client_token()
    assert api.data('GET', 'consent/v1.0/consents', token=token) == {'Consent': []}
    assert api.refused(403, 'GET', 'open-banking/v1.0/customers', token=token) == [
        'Missing permission']


@pytest.mark.parametrize('values', [
    {'permissions': []}, {'permissions': ['ReadEverything']},
    {'permissions': PERMISSIONS, 'expirationDateTime': '2020-01-01T00:00:00+03:00'},
])
def test_wrong_consent_is_refused(api, app, values):
    api.refused(400, 'POST', 'consent/v1.0/consents', {'Data': values}, token=app.client_token())


def test_jwt_key_has_no_consents(api):
    api.refused(403, 'POST', 'consent/v1.0/consents', {'Data': {'permissions': PERMISSIONS}})
    api.refused(404, 'GET', 'consent/v1.0/consents/unknown')


def test_consent_of_another_application_is_unknown(api, app):
    consent_id = app.consent()
    other = api.control('apps', client_id='other')
    answer = api.http.post(f'{api.url}/connect/token', data={
        'client_id': 'other', 'client_secret': other['client_secret'],
        'grant_type': 'client_credentials', 'scope': SCOPE}, timeout=TIMEOUT).json()
    api.refused(404, 'GET', f'consent/v1.0/consents/{consent_id}', token=answer['access_token'])


def test_consent_as_an_object(api, app):
    api.control('variants', consent_as_object=True)
    data = api.data('POST', 'consent/v1.0/consents', {'Data': {'permissions': PERMISSIONS}},
                    token=app.client_token())
    assert data['status'] == 'AwaitingAuthorisation'


def test_webhook_belongs_to_the_application(api, app, receiver):
    api.control('apps', client_id='other')
    permissions = [*PERMISSIONS, 'ManageWebhookData']
    consent_id = app.consent(permissions)
    token = app.exchange(app.decide(consent_id, permissions=permissions)['code'])['access_token']
    body = {'url': receiver.url, 'webhooksList': ['acquiringInternetPayment']}
    api.refused(404, 'GET', f'webhook/v1.0/{APP}', token=token)
    assert api.data('PUT', f'webhook/v1.0/{APP}', body, token=token)['url'] == receiver.url
    api.refused(403, 'GET', 'webhook/v1.0/other', token=token)


def test_introspection(api, app):
    token = app.connect()['access_token']
    answer = api.http.post(f'{api.url}/connect/introspect', data={'access_token': token},
                           timeout=TIMEOUT)
    claims = jwt.decode(answer.json(), options={'verify_signature': False})
    assert claims == {'iss': 'enter.tochka.com', 'sub': COMPANY, 'aud': APP}


def test_faults_reach_the_token_service(api, app):
    tokens = app.connect()
    api.control('faults', kind='error_5xx_after', path='/connect/token', status=502)
    answer = api.http.post(f'{api.url}/connect/token', data={
        'client_id': APP, 'client_secret': app.secret, 'grant_type': 'refresh_token',
        'refresh_token': tokens['refresh_token']}, timeout=TIMEOUT)
    assert answer.status_code == 502
    assert app.refresh(tokens['refresh_token'], 400)['error'] == 'invalid_grant'


def test_journal_keeps_no_secrets(api, app):
    tokens = app.connect()
    journal = str(api.control('requests'))
    assert 'authorization_code' in journal
    for secret in (app.secret, *(tokens[name] for name in ('access_token', 'refresh_token'))):
        assert secret not in journal


def test_sbp_registration(api):
    data = api.data('GET', f'sbp/v1.0/customer/{COMPANY}/044525104')
    assert (data['status'], data['customerCode']) == ('Active', COMPANY)
    api.refused(404, 'GET', f'sbp/v1.0/customer/{SECOND_COMPANY}/044525104')
    token = api.control('clients', client_id='small', permissions=['ReadCustomerData'])['token']
    api.refused(403, 'GET', f'sbp/v1.0/customer/{COMPANY}/044525104', token=token)
