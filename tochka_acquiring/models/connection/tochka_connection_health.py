# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

from odoo import _, api, fields, models
from odoo.tools import format_date, plaintext2html

from odoo.addons.tochka_acquiring import const, tuning
from odoo.addons.tochka_acquiring.api import errors


class TochkaConnection(models.Model):
    """ What is wrong with the connection, for the administrator and for the accountant. """

    _inherit = 'tochka.connection'

    problem_kind = fields.Selection(
        selection=[
            ('certificate', "Certificate"), ('consent', "Consent"), ('key', "Key"),
            ('other', "Other"),
        ],
        readonly=True, copy=False)
    problem_ids = fields.One2many(
        string="Problems", comodel_name='tochka.problem', inverse_name='connection_id',
        readonly=True)
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
                    ('connection_id', '=', connection._origin.id)])
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
        self.activity_unlink(['tochka_acquiring.mail_activity_consent'])
        self._update_problems()
        return self._notify('success', _("This database now works with the bank."))

    def action_check_health(self):
        """ Ask the bank anew and show the connection.

        :return: A notification for the administrator.
        :rtype: dict
        """
        return self.action_connect()

    # === BUSINESS METHODS - HEALTH === #

    def _responsible(self):
        """ Return the user who is asked to look at problems. """
        self.ensure_one()
        creator = self.create_uid
        administrators = self.env.ref('base.group_system').sudo().all_user_ids.filtered('active')
        if creator in administrators:
            return creator
        own = administrators.filtered(lambda user: user.company_ids & self.company_ids)
        return own.sorted('id')[:1] or self.env.ref('base.user_admin')

    @api.model
    def _explain(self, error):
        """ Return what happened in the reader's language, with status, code and audit id.

        :param TochkaError error: What happened. The bank's own messages stay as they are.
        :rtype: str
        """
        return error.describe(self.env._(error.message))

    def _report_problem(self, error):
        """ Keep what went wrong, and ask a person once until it is well again.

        :param TochkaError error: What happened.
        """
        self.ensure_one()
        responsible = self.sudo()._responsible()
        self = self.with_context(lang=responsible.lang)
        connection = self.sudo()
        problem = self._explain(error)
        kind = 'other'
        if isinstance(error, errors.TlsError):
            kind = 'certificate'
        elif isinstance(error, errors.Unauthorized) and connection.auth_method == 'oauth':
            kind = 'consent'
            problem = _(
                "%s\nThe bank does not accept the access, a permission or the customer code. Open"
                " the bank's page and give the consent anew.", problem,
            )
        elif isinstance(error, errors.Unauthorized):
            kind = 'key'
            problem = _(
                "%s\nThe bank does not accept the key, a permission or the customer code. A key"
                " that was issued anew replaces the old one at once: paste the new key here.",
                problem,
            )
        if connection.problem != problem or connection.problem_kind != kind:
            connection.write({'problem': problem, 'problem_kind': kind})
        if connection.state == 'connected':
            connection.state = 'attention'
            connection.activity_schedule(
                'tochka_acquiring.mail_activity_connection',
                summary=_("Tochka Bank: the connection needs attention"),
                note=plaintext2html(problem),
                user_id=responsible.id,
            )

    def _clear_problem(self):
        """ The bank answers as it should: close what was open. """
        self.ensure_one()
        self._end_silence()
        connection = self.sudo()
        if connection.state != 'connected' or connection.problem:
            connection.write({
                'state': 'connected', 'problem': False, 'problem_kind': False,
            })
            connection.activity_unlink(['tochka_acquiring.mail_activity_connection'])

    # === BUSINESS METHODS - PROBLEMS === #

    def _update_problems(self):
        """ Bring the list of problems in line with the facts.

        Nothing is asked from the bank here; `_check` does that.
        """
        for connection in self.sudo():
            found = {
                (code, subject or ''): (severity, params)
                for code, subject, severity, params in connection._find_problems()
            }
            known = self.env['tochka.problem'].sudo().search([
                ('connection_id', '=', connection.id)])
            for problem in known:
                facts = found.pop((problem.code, problem.subject), None)
                if not facts:
                    problem.unlink()
                elif (problem.severity, problem.params) != facts:
                    problem.write(dict(zip(('severity', 'params'), facts, strict=True)))
            self.env['tochka.problem'].sudo().create([
                {'connection_id': connection.id, 'code': code, 'subject': subject,
                 'severity': severity, 'params': params, 'company_id': params.get('company_id')}
                for (code, subject), (severity, params) in found.items()
            ])

    def _find_problems(self):
        """ Return what is wrong.

        :return: Tuples of code, subject, severity and parameters of the texts.
        :rtype: list[tuple[str, str, str, dict]]
        """
        self.ensure_one()
        problems = []
        if self._is_copy():
            problems.append(('copy', '', '2_warning', {}))
        if self.state == 'waiting' and self.problem and self._token():
            pass  # The consent was given, and does not open what is needed.
        elif self.state not in ('connected', 'attention'):
            return problems
        if self.state != 'connected':
            code = 'certificate' if self.problem_kind == 'certificate' else 'access'
            problems.append((code, '', '1_danger', {
                'problem': self.problem, 'consent': self.problem_kind == 'consent',
            }))
        if self.silences >= tuning.SILENCES_SHOWN:
            problems.append(('silent', '', '2_warning', {
                'since': fields.Datetime.to_string(self.silent_since),
                'until': fields.Datetime.to_string(self.silent_until),
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
            lost = token.renewal == 'lost'
            problems.append(('renewal', '', '3_info' if lost else '1_danger', {
                'lost': lost, 'until': fields.Datetime.to_string(token.access_expires_at),
            }))
        for subject, moment, days in self._expiries():
            if moment and moment < fields.Datetime.now() + timedelta(days=max(days)):
                problems.append((
                    'expiry', subject, '2_warning', {'at': fields.Datetime.to_string(moment)},
                ))
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
            problems.append(('webhook', '', '3_info', {'problem': self.webhook_problem or ''}))
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

    def _warn_before_expiry(self):
        """ Ask a person in time to renew what ends, once for each threshold. """
        self.ensure_one()
        responsible = self._responsible()
        self = self.with_context(lang=responsible.lang)
        names = {
            'key': _("JWT key"), 'certificate': _("certificate (CA)"),
            'consent': _("consent at the bank"),
        }
        for subject, moment, thresholds in self._expiries():
            if not moment:
                continue
            days_left = (moment - fields.Datetime.now()).days
            threshold = next((d for d in thresholds if days_left <= d), None)
            if threshold is None:
                continue
            summary = _(
                "Tochka Bank: the %(name)s expires on %(day)s (warning at %(days)s days)",
                name=names[subject], day=format_date(self.env, moment.date()), days=threshold,
            )
            if not self.message_ids.filtered(lambda m, text=summary: text in (m.body or '')):
                # The note stays when the activity is done, and keeps it from coming again.
                self._message_log(body=summary)
                self.activity_schedule(
                    'mail.mail_activity_data_todo',
                    date_deadline=moment.date(),
                    summary=summary,
                    user_id=responsible.id,
                )
