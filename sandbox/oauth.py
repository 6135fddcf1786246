""" OAuth 2.0 of the bank: tokens, the page on which a person gives the consent, consents. """

import urllib.parse
from datetime import datetime

import jwt
from flask import Blueprint, current_app, jsonify, redirect, render_template, request

from .access import body_data, respond, using
from .bank import iso
from .consents import ACCESS_LIFE, OAuthError
from .errors import BankError
from .world import PERMISSION_NAMES

connect = Blueprint('oauth', __name__, url_prefix='/connect')
blueprint = Blueprint('consents', __name__, url_prefix='/uapi/consent/v1.0')


def store():
    """ Return the consents of this application's bank. """
    return current_app.config['BANK'].oauth


# === TOKENS === #

@connect.errorhandler(OAuthError)
def refuse(error):
    """ Answer in the form of RFC 6749. """
    return jsonify({'error': error.code, 'error_description': error.description}), error.status


@connect.post('/token')
def token():
    """ Give tokens for the application itself, for a code or for a refresh token. """
    form = request.form
    client_id, grant_type = form.get('client_id', ''), form.get('grant_type', '')
    store().check_app(client_id, form.get('client_secret', ''))
    answer = {'token_type': 'bearer', 'expires_in': int(ACCESS_LIFE.total_seconds())}
    if grant_type == 'client_credentials':
        if not form.get('scope'):
            raise OAuthError('invalid_request', 'scope is missing')
        return jsonify({**answer, 'access_token': store().client_token(client_id)})
    if grant_type == 'authorization_code':
        access, refresh = store().take_code(
            client_id, form.get('code', ''), form.get('redirect_uri', ''))
    elif grant_type == 'refresh_token':
        access, refresh = store().take_refresh(client_id, form.get('refresh_token', ''))
    else:
        raise OAuthError('unsupported_grant_type', f'{grant_type!r} is not supported')
    return jsonify({**answer, 'access_token': access, 'refresh_token': refresh,
                    'user_id': 'b7e1a8b2-6c37-4a43-9a3b-0d0a4e9b7a11', 'state': ''})


@connect.post('/introspect')
def introspect():
    """ Tell whose token it is: a JWT in quotes. """
    bank = current_app.config['BANK']
    grant = bank.oauth.grant_of(request.form.get('access_token', ''))
    if not grant:
        raise BankError(403, 'Invalid token')
    claims = {'iss': 'enter.tochka.com', 'sub': (grant['customer_codes'] or [''])[0],
              'aud': grant['client_id']}
    return jsonify(jwt.encode(claims, bank.token_key, algorithm='RS256'))


# === THE PAGE === #

@connect.route('/authorize', methods=['GET', 'POST'])
def authorize():
    """ Show what is asked for; go back with a code, or with a refusal. """
    bank, values = current_app.config['BANK'], request.values
    client_id, redirect_uri = values.get('client_id', ''), values.get('redirect_uri', '')
    consent = bank.oauth.consents.get(values.get('consent_id', ''))
    problem = ''
    if client_id not in bank.oauth.apps:
        problem = 'Приложение не найдено'
    elif not bank.oauth.check_redirect(client_id, redirect_uri):
        problem = 'Redirect URL не зарегистрирован для приложения'
    elif not consent or consent['clientId'] != client_id:
        problem = 'Согласие не найдено'
    elif consent['status'] != 'AwaitingAuthorisation':
        problem = 'Согласие уже обработано'
    elif values.get('response_type') != 'code' or not values.get('state'):
        problem = 'Неверный запрос'
    if problem:
        return render_template('consent.html', problem=problem), 400
    if request.method == 'GET':
        return render_template(
            'consent.html', problem='', values=values, app=bank.oauth.apps[client_id],
            companies=[c for c in bank.world['customers'] if c['customerType'] == 'Business'],
            permissions=[(p, PERMISSION_NAMES.get(p, p)) for p in consent['permissions']],
        )
    customers = values.getlist('customer') if values.get('outcome') == 'allow' else []
    given = bank.oauth.decide(consent['consentId'], customers, values.getlist('permission'))
    answer = {'state': values['state']}
    if given:
        answer['code'] = bank.oauth.issue_code(consent['consentId'], redirect_uri)
    else:
        answer['error'] = 'access_denied'
    separator = '&' if urllib.parse.urlsplit(redirect_uri).query else '?'
    return redirect(f'{redirect_uri}{separator}{urllib.parse.urlencode(answer)}', 303)


# === CONSENTS === #

def describe(consent):
    """ Return a consent as the API does. """
    app = store().apps[consent['clientId']]
    description = {
        'consentId': consent['consentId'],
        'status': consent['status'],
        'creationDateTime': iso(consent['createdAt']),
        'statusUpdateDateTime': iso(consent['updatedAt']),
        'permissions': consent['permissions'],
        'customerCode': (consent['customers'] or [''])[0],
        'applicationName': app['name'],
        'clientId': consent['clientId'],
    }
    if consent['expiresAt']:
        description['expirationDateTime'] = iso(consent['expiresAt'])
    return description


def answer_list(consents):
    """ Answer with a list. """
    return respond({'Consent': [describe(consent) for consent in consents]})


@blueprint.post('/consents')
def create():
    """ Create a consent. """
    bank = current_app.config['BANK']
    client = using(None)
    if client['client_id'] not in bank.oauth.apps:
        raise BankError(403, 'Forbidden by consent')
    data = body_data()
    permissions = data.get('permissions')
    if not isinstance(permissions, list) or not permissions:
        raise BankError(400, 'Data -> permissions: field required')
    unknown = [p for p in permissions if p not in PERMISSION_NAMES]
    if unknown:
        raise BankError(400, [f'Data -> permissions: {p} is not a valid permission'
                              for p in unknown])
    expires_at = None
    if data.get('expirationDateTime'):
        try:
            expires_at = datetime.fromisoformat(data['expirationDateTime'].replace('Z', '+00:00'))
            if expires_at.tzinfo is None or expires_at <= bank.now():
                raise ValueError
        except ValueError as error:
            raise BankError(400, 'Data -> expirationDateTime: must be in the future') from error
    consent = bank.oauth.create(client['client_id'], permissions, expires_at)
    if bank.variants['consent_as_object']:
        return respond(describe(consent))
    return answer_list([consent])


@blueprint.get('/consents')
def consents():
    """ The consents of the application. """
    client = using(None)
    return answer_list([c for c in store().consents.values()
                        if c['clientId'] == client['client_id']])


@blueprint.get('/consents/<consent_id>')
def consent(consent_id):
    """ One consent. """
    return respond(describe(store().find(using(None)['client_id'], consent_id)))


@blueprint.get('/consents/<consent_id>/child')
def children(consent_id):
    """ The consents that were derived from one: none here. """
    store().find(using(None)['client_id'], consent_id)
    return answer_list([])
