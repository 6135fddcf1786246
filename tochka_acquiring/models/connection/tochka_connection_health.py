# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

from odoo import _, api, fields, models

from odoo.addons.tochka_acquiring import const, tuning
from odoo.addons.tochka_acquiring.api import errors

# Codes of problems that a call has brought, and a call ends.
TROUBLES = ('access', 'certificate')
# Those that the facts of `_find_problems` say nothing of.
EVENTS = (*TROUBLES, 'modes', 'note')


class TochkaConnection(models.Model):
    """ What is wrong with the connection, for the administrator and for the accountant. """

    _inherit = 'tochka.connection'

    problem_ids = fields.One2many(
        string="Problems", comodel_name='tochka.problem', inverse_name='connection_id',
        domain=[('closed_at', '=', False)], readonly=True)
    health_summary = fields.Text(string="Health", compute='_compute_health_summary')
    clock_difference = fields.Integer(
        string="Clock difference, s", readonly=True, copy=False,
        help="Seconds that the bank's clock is ahead of the server's, when last asked.")
    answered_at = fields.Datetime(
        string="Last successful request at", compute='_compute_answered_at', compute_sudo=True)

    # === COMPUTE METHODS === #

    @api.depends('problem_ids', 'state')
    @api.depends_context('lang', 'uid', 'allowed_company_ids')
    def _compute_health_summary(self):
        for connection in self:
            if connection.state in ('connected', 'attention') and not connection.problem_ids:
                connection.health_summary = _("All is well: payments are taken and booked.")
            else:
                # What a person may see, whatever somebody else has read before.
                problems = self.env['tochka.problem'].search([
                    ('connection_id', '=', connection._origin.id), ('closed_at', '=', False)])
                connection.health_summary = '\n'.join(
                    f'• {title}' for title in problems.mapped('title'))

    def _compute_answered_at(self):
        """ Find the last answer where the answers are kept: no request writes to the connection,
        which would be a row that all of them wait for.
        """
        entities = self.env['tochka.legal.entity'].with_context(active_test=False)
        for connection in self:
            own = [('connection_id', '=', connection._origin.id)]
            # One look into the index for each shop: over all of them it would read their payments.
            merchants = self.env['tochka.merchant'].with_context(active_test=False).search(own)
            last_reads = [self.env['payment.transaction'].search(
                [('tochka_merchant_id', '=', merchant.id), ('tochka_read_at', '!=', False)],
                order='tochka_read_at desc', limit=1).tochka_read_at for merchant in merchants]
            connection.answered_at = max(filter(None, [
                connection.checked_at, *last_reads,
                *entities.search(own).mapped('swept_at'),
            ]), default=False)

    # === ACTION METHODS === #

    def action_confirm_address(self):
        """ Confirm the address by which Odoo is reached now.

        :return: A notification for the administrator.
        :rtype: dict
        """
        self.ensure_one()
        self.check_access('write')
        self.public_url = self._web_base_url()
        self._refresh_webhook_state()
        self._update_problems()
        return self._notify('success', _(
            "The address is now %s. Change the Redirect URL in the internet bank as well, and turn"
            " the notifications on.", self.public_url))

    def action_adopt_database(self):
        """ Say that this database, though a copy, is the one that works with the bank.

        :return: A notification for the administrator.
        :rtype: dict
        """
        self.ensure_one()
        self.check_access('write')
        self.database_identity = self._database_identity()
        self._update_problems()
        return self._notify('success', _("This database now works with the bank."))

    def action_check_health(self):
        """ Ask the bank anew and show the connection.

        :return: A notification for the administrator.
        :rtype: dict
        """
        return self.action_connect()

    # === BUSINESS METHODS - HEALTH === #

    def _responsible(self, company=None):
        """ Return who is asked to look at problems.

        :param res.company|None company: The company that it is about, if it is about one.
        :rtype: res.users
        """
        self.ensure_one()
        providers = self.provider_ids.filtered(
            lambda provider: not company or provider.company_id == company)
        chosen = providers.tochka_responsible_id.filtered('active')
        return chosen[:1] or (company or self.company_ids)._tochka_accountant()

    @api.model
    def _explain(self, error):
        """ Return what happened in the reader's language, with status, code and audit id.

        :param TochkaError error: What happened. The bank's own messages stay as they are.
        :rtype: str
        """
        return error.describe(self.env._(error.message))

    def _report_problem(self, error):
        """ Ask a person once until the bank answers again as it should.

        :param TochkaError error: What happened.
        """
        self.ensure_one()
        connection = self.sudo()
        if connection.state == 'disconnected':
            return  # a payment was on its way
        kind = 'other'
        if isinstance(error, errors.TlsError):
            kind = 'certificate'
        elif isinstance(error, errors.Unauthorized):
            kind = 'consent' if connection.auth_method == 'oauth' else 'key'
        elif isinstance(error, (errors.NotSent, errors.OutcomeUnknown)):
            kind = 'silence'
        code = 'certificate' if kind == 'certificate' else 'access'
        problems = self.env['tochka.problem']
        problems._close(connection, set(TROUBLES) - {code})
        problems._open(connection, code, error=error, kind=kind)
        if connection.state == 'connected':
            connection.state = 'attention'

    def _trouble(self):
        """ Return why the bank can't be used now: the open problem of the last call that failed.

        :rtype: tochka.problem
        """
        self.ensure_one()
        return self.sudo().problem_ids.filtered(lambda problem: problem.code in TROUBLES)

    def _clear_problem(self):
        """ The bank answers as it should: close what was open. """
        self.ensure_one()
        self._end_silence()
        connection = self.sudo()
        self.env['tochka.problem']._close(connection, TROUBLES)
        if connection.state != 'connected':
            connection.state = 'connected'

    # === BUSINESS METHODS - PROBLEMS === #

    def _update_problems(self):
        """ Bring the list of problems in line with the facts.

        Nothing is asked from the bank here; `_check` does that.
        """
        problems = self.env['tochka.problem'].sudo()
        for connection in self.sudo():
            found = {
                (code, subject or ''): (severity, params)
                for code, subject, severity, params in connection._find_problems()
            }
            known = problems.search([
                *problems._about(connection), ('code', 'not in', EVENTS)])
            gone = [one.id for one in known if (one.code, one.subject) not in found]
            problems.browse(gone)._end()
            for (code, subject), (severity, params) in found.items():
                company = self.env['res.company'].browse(params.pop('company_id', False))
                problems._open(
                    connection, code, subject, severity=severity, company=company,
                    user=connection._responsible(company), **params)

    def _find_problems(self):
        """ Return what is wrong.

        :return: Tuples of code, subject, severity and parameters of the texts.
        :rtype: list[tuple[str, str, str, dict]]
        """
        self.ensure_one()
        problems = []
        if self._is_copy():
            problems.append(('copy', '', '2_warning', {}))
        if self.state == 'waiting' and self._trouble() and self._token():
            pass  # The consent was given, and does not open what is needed.
        elif self.state not in ('connected', 'attention'):
            return problems
        if self.silences >= tuning.SILENCES_SHOWN:
            problems.append(('silent', '', '2_warning', {
                'since': self.silent_since,
            }))
        problems += self._find_access_problems()
        problems += self._find_webhook_problems()
        if abs(self.clock_difference) > const.CLOCK_TOLERANCE:
            problems.append(('clock', '', '2_warning', {'seconds': self.clock_difference}))
        for entity in self.legal_entity_ids:
            if not entity.company_id:
                problems.append(('entity', entity.customer_code, '3_info', {
                    'name': entity.name, 'inn': entity.inn,
                }))
            elif entity._has_other_inn():
                problems.append(('inn', entity.customer_code, '1_danger', {
                    'id': entity.id, 'company_id': entity.company_id.id,
                }))
        for provider in self.provider_ids.filtered(lambda p: p.state != 'disabled'):
            params = {'id': provider.id, 'company_id': provider.company_id.id}
            if provider._tochka_find_obstacle():
                problems.append(('provider', str(provider.id), '1_danger', params))
            if provider._tochka_find_warning():
                problems.append(('warning', str(provider.id), '2_warning', params))
        return problems

    def _find_access_problems(self):
        """ Return what threatens the access: renewals, ends to come, missing permissions. """
        problems = []
        token = self._token() if self.auth_method == 'oauth' else None
        if token and token.renewal:
            lost = token.renewal == 'lost' and token._is_usable(const.ASK_BEFORE_HOURS * 3600)
            known = self.problem_ids.filtered(lambda problem: problem.code == 'renewal')
            problems.append(('renewal', '', '3_info' if lost else '1_danger', {
                'lost': lost, 'until': token.access_expires_at,
                'error': (known.params or {}).get('error'),
            }))
        for subject, moment, days in self._expiries():
            left = moment and moment - fields.Datetime.now()
            if moment and left < timedelta(days=max(days)):
                # At the last threshold a person is asked once more.
                severity = '1_danger' if left < timedelta(days=min(days)) else '2_warning'
                problems.append(('expiry', subject, severity, {'at': moment}))
        for feature in self._features():
            names = [name for name in const.FEATURE_PERMISSIONS[feature]
                     if self._permission_state(name) == 'missing']
            if names:
                severity = '1_danger' if feature == 'payments' else '2_warning'
                problems.append(('permission', feature, severity, {'names': names}))
        return problems

    def _find_webhook_problems(self):
        """ Return what keeps the bank's notifications from coming. """
        problems = []
        web_base_url = self._web_base_url()
        if self.public_url and self.public_url.rstrip('/') != (web_base_url or '').rstrip('/'):
            problems.append(('address', '', '2_warning', {
                'old': self.public_url, 'new': web_base_url,
            }))
        if self.notification_mode != 'webhook' or self.environment == 'bank_sandbox':
            return problems
        if self.webhook_state == 'other':
            problems.append(('webhook_foreign', '', '2_warning', {'url': self.webhook_foreign_url}))
        elif self.webhook_state == 'none':
            problems.append((
                'webhook', '', '3_info', {'problem': self.sudo().webhook_problem or ''}))
        return problems

    def _expiries(self):
        """ Return what ends one day: its name, the moment, and how many days before to warn.

        :rtype: list[tuple[str, datetime|bool, tuple[int, ...]]]
        """
        token = self._token() if self.auth_method == 'oauth' else None
        return [
            ('key', self.key_expires_at if self.auth_method == 'jwt' else False,
             const.EXPIRY_WARNING_DAYS),
            ('certificate', self.ca_expires_at, const.EXPIRY_WARNING_DAYS),
            ('consent', token and min(filter(None, [
                token.consent_expires_at, token.refresh_expires_at]), default=False),
             const.RENEWAL_WARNING_DAYS),
        ]
