""" Applications, consents and tokens: the state behind OAuth 2.0. """

import secrets
import uuid
from datetime import timedelta

from .errors import BankError

CODE_LIFE = timedelta(minutes=5)
ACCESS_LIFE = timedelta(hours=24)
REFRESH_LIFE = timedelta(days=30)


class OAuthError(Exception):
    """ A refusal of the token service, in the form of RFC 6749, section 5.2.

    :param str code: For instance `invalid_grant`.
    :param str description: What is wrong.
    :param int status: The HTTP status.
    """

    def __init__(self, code, description, status=400):
        super().__init__(code)
        self.code, self.description, self.status = code, description, status


class Consents:
    """ All of it, on the bank's clock and behind the bank's lock.

    :param Bank bank: The bank.
    """

    def __init__(self, bank):
        self.bank = bank
        self.apps = {}
        self.consents = {}
        self.codes = {}
        self.access = {}
        self.refresh = {}
        self.add_app('sandbox-app')

    # === APPLICATIONS === #

    def add_app(self, client_id, client_secret=None, redirect_uris=(), name='Odoo'):
        """ Register an application, or register it anew. No addresses: any is taken.

        :return: The secret.
        :rtype: str
        """
        secret = client_secret or secrets.token_urlsafe(24)
        with self.bank.lock:
            self.apps[client_id] = {
                'secret': secret, 'redirect_uris': list(redirect_uris), 'name': name,
            }
            self.bank.clients.setdefault(client_id, {
                'client_id': client_id, 'token': None, 'permissions': [], 'customer_codes': [],
                'webhook': None,
            })
        return secret

    def check_app(self, client_id, client_secret):
        """ :raise OAuthError: If id and secret do not fit. """
        app = self.apps.get(client_id)
        if not app or not secrets.compare_digest(
            app['secret'].encode(), (client_secret or '').encode()
        ):
            raise OAuthError('invalid_client', 'Client authentication failed', 401)

    def check_redirect(self, client_id, redirect_uri):
        """ Return whether the address is one that is registered for the application. """
        app = self.apps.get(client_id)
        return bool(app and redirect_uri) and (
            not app['redirect_uris'] or redirect_uri in app['redirect_uris'])

    # === CONSENTS === #

    def create(self, client_id, permissions, expires_at=None):
        """ Create a consent that waits for a person.

        :rtype: dict
        """
        with self.bank.lock:
            consent = {
                'consentId': str(uuid.uuid4()),
                'status': 'AwaitingAuthorisation',
                'permissions': list(permissions),
                'clientId': client_id,
                'createdAt': self.bank.now(),
                'updatedAt': self.bank.now(),
                'expiresAt': expires_at,
                'customers': [],
            }
            self.consents[consent['consentId']] = consent
            return consent

    def find(self, client_id, consent_id):
        """ Return a consent of the application. :raise BankError: If there is none. """
        consent = self.consents.get(consent_id)
        if not consent or consent['clientId'] != client_id:
            raise BankError(404, 'Object of Consent does not exists')
        return consent

    def decide(self, consent_id, customers=None, permissions=None):
        """ A person gives the consent for companies and permissions, or refuses it (no companies).

        :return: Whether it is given.
        :rtype: bool
        """
        with self.bank.lock:
            consent = self.consents[consent_id]
            consent['updatedAt'] = self.bank.now()
            if not customers:
                consent['status'] = 'Rejected'
                return False
            consent.update(
                status='Authorised', customers=list(customers),
                permissions=[p for p in consent['permissions'] if p in (permissions or ())],
            )
            return True

    def issue_code(self, consent_id, redirect_uri):
        """ Return a code for a consent that was given. """
        code = secrets.token_urlsafe(16)
        with self.bank.lock:
            self.codes[code] = {
                'consentId': consent_id, 'redirect_uri': redirect_uri,
                'until': self.bank.now() + CODE_LIFE,
            }
        return code

    def revoke(self, consent_id):
        """ The person takes the consent back in the internet bank. """
        with self.bank.lock:
            self.consents[consent_id]['status'] = 'Revoked'

    # === TOKENS === #

    def client_token(self, client_id):
        """ Return a token that is good for consents only. """
        with self.bank.lock:
            token = secrets.token_urlsafe(32)
            self.access[token] = {
                'clientId': client_id, 'consentId': None, 'until': self.bank.now() + ACCESS_LIFE,
            }
            return token

    def take_code(self, client_id, code, redirect_uri):
        """ Exchange a code, once. :raise OAuthError: If it does not fit. """
        with self.bank.lock:
            grant = self.codes.pop(code, None)
            if not grant or self.consents[grant['consentId']]['clientId'] != client_id:
                raise OAuthError('invalid_grant', 'The code is unknown or was used')
            if self.bank.now() >= grant['until']:
                raise OAuthError('invalid_grant', 'The code has expired')
            if grant['redirect_uri'] != redirect_uri:
                raise OAuthError('invalid_grant', 'redirect_uri differs')
            return self._pair(grant['consentId'])

    def take_refresh(self, client_id, token):
        """ Exchange a refresh token, once. :raise OAuthError: If it does not fit. """
        with self.bank.lock:
            grant = self.refresh.get(token)
            if not grant or self.consents[grant['consentId']]['clientId'] != client_id:
                raise OAuthError('invalid_grant', 'The refresh token is unknown')
            if grant['used'] and self.bank.variants['old_refresh_token'] == 'refused':
                raise OAuthError('invalid_grant', 'The refresh token was used')
            if self.bank.now() >= grant['until']:
                raise OAuthError('invalid_grant', 'The refresh token has expired')
            if self.consents[grant['consentId']]['status'] != 'Authorised':
                raise OAuthError('invalid_grant', 'The consent was taken back')
            grant['used'] = True
            return self._pair(grant['consentId'])

    def _pair(self, consent_id):
        access, refresh = (secrets.token_urlsafe(32) for _count in range(2))
        now = self.bank.now()
        self.access[access] = {
            'clientId': self.consents[consent_id]['clientId'], 'consentId': consent_id,
            'until': now + ACCESS_LIFE,
        }
        self.refresh[refresh] = {
            'consentId': consent_id, 'until': now + REFRESH_LIFE, 'used': False,
        }
        return access, refresh

    def grant_of(self, token):
        """ Return what an access token allows, in the form of `bank.clients`.

        :rtype: dict|None
        :raise BankError: If the token has expired or its consent is not valid any more.
        """
        found = self.access.get(token)
        if not found:
            return None
        if self.bank.now() >= found['until']:
            raise BankError(401, 'Access token has expired')
        if not found['consentId']:
            return {'client_id': found['clientId'], 'permissions': [], 'customer_codes': []}
        consent = self.consents[found['consentId']]
        expired = consent['expiresAt'] and self.bank.now() >= consent['expiresAt']
        if consent['status'] != 'Authorised' or expired:
            raise BankError(403, 'Forbidden by consent')
        return {
            'client_id': found['clientId'], 'permissions': consent['permissions'],
            'customer_codes': consent['customers'],
        }
