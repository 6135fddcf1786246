# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

import psycopg2

from odoo import SUPERUSER_ID, fields, models

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.api import errors
from odoo.addons.tochka_acquiring.utils import utc_naive

_logger = get_payment_logger(__name__, const.SENSITIVE_KEYS)


class TochkaToken(models.Model):
    """ The tokens of a connection: one row that one process at a time renews.

    They lie apart from the connection, whose row is written for other reasons as well. The bank
    ends a refresh token when it is used (source: OAUTH), so that a renewal is made and committed in
    a cursor of its own: a rolled back request must not forget what the bank has already replaced.
    """

    _name = 'tochka.token'
    _description = "Tochka Bank: tokens"
    _rec_name = 'connection_id'

    connection_id = fields.Many2one(
        string="Bank connection", comodel_name='tochka.connection', required=True, readonly=True,
        ondelete='cascade')
    access_token = fields.Char(required=True, readonly=True, copy=False)
    refresh_token = fields.Char(required=True, readonly=True, copy=False)
    access_expires_at = fields.Datetime(required=True, readonly=True)
    refresh_expires_at = fields.Datetime(required=True, readonly=True)
    consent_id = fields.Char(required=True, readonly=True)
    consent_expires_at = fields.Datetime(readonly=True)
    granted_at = fields.Datetime(string="Consent given at", required=True, readonly=True)

    #  renewal: (none) ──due──► asked ──new pair──► (none)
    #                             ├──no answer, or none of OAuth's──► lost ──the same token again──►
    #                             └──refused──► refused: the access token works to its end, and a
    #                                           person is asked at once to give the consent anew
    renewal = fields.Selection(
        selection=[('lost', "Answer lost"), ('refused', "Refused")], readonly=True)

    _connection_uniq = models.Constraint('unique(connection_id)', "A connection has one consent.")

    # === BUSINESS METHODS === #

    def _is_due(self):
        """ Return whether the access token should be renewed early, by the job. """
        self.ensure_one()
        return self.access_expires_at < fields.Datetime.now() + timedelta(
            hours=const.RENEW_BEFORE_HOURS)

    def _is_usable(self, margin=const.RENEW_AT_ONCE_SECONDS):
        """ Return whether the access token still lives for a while.

        :param int margin: Seconds.
        """
        self.ensure_one()
        return self.access_expires_at > fields.Datetime.now() + timedelta(seconds=margin)

    def _values(self, tokens):
        """ Return the values to keep for what the bank has given.

        :param Tokens tokens: The new pair.
        :rtype: dict
        """
        now = fields.Datetime.now()
        return {
            'access_token': tokens.access_token,
            'refresh_token': tokens.refresh_token,
            'access_expires_at': now + timedelta(seconds=tokens.expires_in),
            'refresh_expires_at': now + timedelta(days=const.REFRESH_TOKEN_DAYS),
            'renewal': False,
        }

    def _get_access(self, connection, early=False, quick=False):
        """ Return a living access token, renewed when it is due, read and written afresh.

        :param tochka.connection connection: The connection, as its users see it.
        :param bool early: Whether to renew long before the end (the job).
        :param bool quick: Whether a person waits.
        :return: The access token; empty when no consent was given.
        :rtype: str
        :raise Unauthorized: If the consent has to be given anew.
        :raise NotSent: If the access has ended and can't be renewed right now.
        """
        is_copy = connection._is_copy()
        try:
            # A cursor of its own sees what others have committed, and keeps what the bank gave.
            with self.env.registry.cursor() as cr:
                token = self.with_env(self.env(cr=cr, user=SUPERUSER_ID)).search(
                    [('connection_id', '=', connection.id)])
                if not token:
                    return ''
                outcome = token._use_or_renew(is_copy, early, quick)
        except psycopg2.OperationalError as error:
            # The row was changed while its lock was asked for: somebody else has just renewed it.
            _logger.info("The access is being renewed elsewhere: %s", type(error).__name__)
            with self.env.registry.cursor() as cr:
                token = self.with_env(self.env(cr=cr, user=SUPERUSER_ID)).search(
                    [('connection_id', '=', connection.id)])
                outcome = token._last_access(token._busy())
        # Raised only here, so that the cursor has committed what is to be kept.
        if isinstance(outcome, errors.TochkaError):
            raise outcome
        return outcome

    def _note_consent_end(self, moment):
        """ Keep when the consent ends at the bank, in a cursor of its own; not while it is renewed.

        :param datetime|None moment: The moment, with a time zone.
        """
        self.ensure_one()
        moment = utc_naive(moment) or False
        if self.consent_expires_at == moment:
            return
        with self.env.registry.cursor() as cr:
            token = self.with_env(self.env(cr=cr, user=SUPERUSER_ID))
            if token.try_lock_for_update():
                token.consent_expires_at = moment
        self.invalidate_recordset(['consent_expires_at'])

    def _use_or_renew(self, is_copy, early, quick):
        """ Return the access token, or the error that keeps it from being had.

        :rtype: str|TochkaError
        """
        self.ensure_one()
        if self._is_usable() and not (early and self._is_due()):
            return self.access_token
        # A copy of the database must not use up the refresh token of the original.
        if self.renewal == 'refused' or is_copy:
            return self._last_access(self._refused())
        return self._renew(quick)

    def _renew(self, quick=False):
        """ Exchange the refresh token under the lock of the row, in the caller's own cursor.

        A killed worker or a lost answer leaves the old refresh token in place: it is tried again.
        Nothing but this row may be written here: the caller's request may hold the connection's.

        :param bool quick: Whether a person waits.
        :return: A living access token, or the error that keeps it from being had.
        :rtype: str|TochkaError
        """
        self.ensure_one()
        if not self.try_lock_for_update():
            return self._last_access(self._busy())
        self.invalidate_recordset()
        connection = self.connection_id
        try:
            tokens = connection._application(quick).refresh(self.refresh_token)
        except errors.TochkaError as error:
            _logger.warning("The access of connection %s was not renewed: %s", connection.id, error)
            if _is_final(error):
                self.renewal = 'refused'
                connection._ask_for_consent(error)
                return self._last_access(self._refused())
            if not isinstance(error, errors.NotSent):
                self.renewal = 'lost'
            if not self._is_usable(const.ASK_BEFORE_HOURS * 3600):
                connection._ask_for_consent(error)
            return self._last_access(error)
        if self.renewal:
            self.env['tochka.problem']._close(connection, ['renewal'])
        self.write(self._values(tokens))
        return self.access_token

    def _last_access(self, error):
        """ Return the access token as long as it lives, else the error.

        :rtype: str|TochkaError
        """
        return self.access_token if self and self._is_usable(margin=0) else error

    def _busy(self):
        return errors.Busy(
            self.env._("Another process is renewing the access. Try again in a moment."))

    def _refused(self):
        return errors.Unauthorized(
            self.env._("The bank does not renew the access any more. Give the consent anew."))


def _is_final(error):
    """ Return whether the bank will not take the refresh token, however often it is asked.

    A gateway in between may answer with any status. Source: RFC 6749, 5.2.

    :param TochkaError error: What happened.
    :rtype: bool
    """
    return isinstance(error, (errors.Rejected, errors.Unauthorized)) and (
        error.error_code in const.OAUTH_FINAL_ERRORS or error.http_status in (400, 401))
