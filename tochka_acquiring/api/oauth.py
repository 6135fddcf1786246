# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" OAuth 2.0 as the bank documents it.

Client token, consent, authorization by a person on the bank's page, code, access and refresh
tokens. Source: developers.tochka.com, «Алгоритм работы по OAuth 2.0» and «Терминология», 2026-04:
the code lives 5 minutes, the access token 24 hours, the refresh token 30 days; each renewal gives a
new pair and ends the old refresh token.
"""

import urllib.parse
from dataclasses import dataclass, field
from datetime import datetime

from .. import const
from . import errors
from .errors import _lt
from .operation import optional_text, to_moment
from .transport import Transport


@dataclass(frozen=True)
class Tokens:
    """ What the bank gives for a code or a refresh token. """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int  # seconds that the access token lives


@dataclass(frozen=True)
class Consent:
    """ What the owner of the companies allows the application to do. Source: API. """

    consent_id: str
    status: str
    permissions: tuple
    expires_at: datetime | None = None

    @classmethod
    def from_answer(cls, data):
        """ Read a consent: the description of the API puts it into a list, the example does not.

        :param dict data: `Data` of an answer.
        :rtype: Consent
        :raise OutcomeUnknown: If there is no consent in it.
        """
        entries = data.get('Consent', data)
        entry = entries[0] if isinstance(entries, list) and entries else entries
        consent_id = isinstance(entry, dict) and optional_text(entry, 'consentId')
        permissions = entry.get('permissions') if consent_id else None
        if not isinstance(permissions, list):
            raise errors.Unreadable(_lt("The bank's answer holds no consent."))
        return cls(
            consent_id=consent_id,
            status=optional_text(entry, 'status') or '',
            permissions=tuple(str(name) for name in permissions),
            expires_at=to_moment(entry.get('expirationDateTime')),
        )


class OAuthApplication:
    """ An application that is registered in the internet bank.

    :param str base_url: The address of the API, checked by `client.check_base_url`.
    :param str client_id: The application.
    :param str client_secret: Its secret.
    :param str|None ca_pem: Further certificate authorities, trusted for this host alone.
    :param tuple[float, float] timeout: Seconds to connect and to wait for the answer.
    :param Deadline|None deadline: When all calls must have ended, whatever their time-outs are.
    """

    def __init__(self, base_url, client_id, client_secret, *, ca_pem=None, timeout=(5, 30),
                 deadline=None):
        self._deadline = deadline
        self._base_url = base_url
        self._client_id = client_id
        self._client_secret = client_secret
        self._ca_pem = ca_pem
        self._timeout = timeout

    def __repr__(self):
        return f'{type(self).__name__}({self._base_url!r})'

    def create_consent(self, permissions):
        """ Create the consent that a person is then asked to give.

        :param tuple[str, ...] permissions: The bank's names of permissions.
        :return: The consent's id.
        :rtype: str
        :raise TochkaError: If the bank refused or stayed silent.
        """
        answer = self._request_token(grant_type='client_credentials', scope=const.OAUTH_SCOPE)
        token = answer.get('access_token')
        if not isinstance(token, str) or not token:
            raise errors.Unreadable(_lt("The bank did not return a token."))
        transport = Transport(
            self._base_url, token, ca_pem=self._ca_pem, timeout=self._timeout,
            secrets=(self._client_secret,), deadline=self._deadline,
        )
        data = transport.request(
            'POST', 'consent/v1.0/consents', json={'Data': {'permissions': list(permissions)}},
        ).get('Data')
        return Consent.from_answer(data if isinstance(data, dict) else {}).consent_id

    def authorize_url(self, consent_id, state, redirect_uri):
        """ Return the bank's page on which a person gives the consent.

        :param str consent_id: The consent.
        :param str state: A one-time value that comes back with the answer.
        :param str redirect_uri: The address that is registered for the application.
        :rtype: str
        """
        query = urllib.parse.urlencode({
            'client_id': self._client_id,
            'response_type': 'code',
            'state': state,
            'redirect_uri': redirect_uri,
            'scope': const.OAUTH_SCOPE,
            'consent_id': consent_id,
        })
        return urllib.parse.urljoin(self._base_url, f'{const.AUTHORIZE_PATH}?{query}')

    def exchange_code(self, code, redirect_uri):
        """ Exchange the code for tokens, once.

        :param str code: The code that the bank's page has sent.
        :param str redirect_uri: The same address as in `authorize_url`.
        :rtype: Tokens
        :raise TochkaError: If the bank refused or stayed silent: the code can't be used again.
        """
        return self._read_tokens(self._request_token(
            grant_type='authorization_code', scope=const.OAUTH_SCOPE, code=code,
            redirect_uri=redirect_uri,
        ))

    def refresh(self, refresh_token):
        """ Exchange the refresh token for a new pair.

        :param str refresh_token: The current refresh token, of which only one process may make use.
        :rtype: Tokens
        :raise Rejected: If the bank does not take the refresh token any more.
        :raise TochkaError: If the bank refused or stayed silent.
        """
        return self._read_tokens(self._request_token(
            grant_type='refresh_token', refresh_token=refresh_token,
        ))

    # === HELPERS === #

    def _request_token(self, **values):
        secrets = (self._client_secret, values.get('code'), values.get('refresh_token'))
        transport = Transport(
            self._base_url, None, ca_pem=self._ca_pem, timeout=self._timeout, secrets=secrets,
            deadline=self._deadline,
        )
        return transport.request('POST', const.TOKEN_PATH, data={
            'client_id': self._client_id, 'client_secret': self._client_secret, **values,
        })

    @staticmethod
    def _read_tokens(answer):
        tokens = [answer.get(name) for name in ('access_token', 'refresh_token')]
        if not all(isinstance(token, str) and token for token in tokens):
            raise errors.Unreadable(_lt("The bank did not return the tokens."))
        try:
            expires_in = int(answer['expires_in'])
        except (KeyError, TypeError, ValueError, OverflowError):
            expires_in = 0
        if not 0 < expires_in <= const.ACCESS_TOKEN_SECONDS:
            expires_in = const.ACCESS_TOKEN_SECONDS
        return Tokens(*tokens, expires_in)
