# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date, format_datetime


class TochkaProblem(models.Model):
    """ What is wrong with a connection now, and how it is mended.

    Rows come and go with the facts; a row keeps what happened, and the words are made for whoever
    reads them, in their language. An accountant reads the first sentence, an administrator all.
    """

    _name = 'tochka.problem'
    _description = "Tochka Bank: problem of a connection"
    _order = 'severity, id'
    _rec_name = 'title'

    connection_id = fields.Many2one(
        string="Bank connection", comodel_name='tochka.connection', required=True, readonly=True,
        ondelete='cascade', index=True)
    code = fields.Char(required=True, readonly=True)
    subject = fields.Char(
        string="About", readonly=True, required=True, default='',
        help="Which shop, provider or permission it is about.")
    company_id = fields.Many2one(
        string="Company", comodel_name='res.company', readonly=True, ondelete='cascade')
    params = fields.Json(readonly=True, groups='base.group_system')
    severity = fields.Selection(
        string="Severity",
        selection=[
            ('1_danger', "Payments are not possible or not safe"),
            ('2_warning', "Something does not work as it should"),
            ('3_info', "To be looked at in time"),
        ],
        required=True, readonly=True)
    title = fields.Char(string="Problem", compute='_compute_texts', compute_sudo=True)
    # It may name another system's address, or quote the bank.
    advice = fields.Text(
        string="How to mend it", compute='_compute_texts', compute_sudo=True,
        groups='base.group_system')
    action_name = fields.Char(
        compute='_compute_texts', compute_sudo=True, groups='base.group_system')
    action_label = fields.Char(
        compute='_compute_texts', compute_sudo=True, groups='base.group_system')

    _problem_uniq = models.Constraint(
        'unique(connection_id, code, subject)', "A problem is named once.")

    # === COMPUTE METHODS === #

    @api.depends('code', 'params', 'subject')
    @api.depends_context('lang')
    def _compute_texts(self):
        for problem in self:
            title, advice, action = problem._texts()
            problem.title = title
            problem.advice = advice
            problem.action_name = action
            problem.action_label = problem._action_labels().get(action, False)

    def _action_labels(self):
        """ Return the buttons that mend: the connection's method and its label. """
        return {
            'action_connect': _("Check now"),
            'action_open_consent': _("Open the bank's page"),
            'action_fetch_ca': _("Fetch the certificate"),
            'action_register_webhook': _("Turn notifications on"),
            'action_take_webhook': _("Take the notifications over"),
            'action_confirm_address': _("Use the new address"),
            'action_adopt_database': _("This database is the real one"),
        }

    def _texts(self):
        """ Return what is wrong, how it is mended, and the method of a button.

        :return: The title, the advice and a method of the connection or False.
        :rtype: tuple[str, str, str|bool]
        """
        self.ensure_one()
        params = self.params or {}
        return {
            'access': self._texts_access,
            'certificate': self._texts_certificate,
            'silent': self._texts_silent,
            'renewal': self._texts_renewal,
            'expiry': self._texts_expiry,
            'permission': self._texts_permission,
            'webhook': self._texts_webhook,
            'webhook_foreign': self._texts_webhook_foreign,
            'address': self._texts_address,
            'copy': self._texts_copy,
            'clock': self._texts_clock,
            'entity': self._texts_entity,
            'inn': self._texts_inn,
            'provider': self._texts_provider,
            'warning': self._texts_warning,
        }[self.code](params)

    def _texts_access(self, params):
        return (
            _("The bank does not answer Odoo as it should."),
            params.get('problem', ''),
            'action_open_consent' if params.get('consent') else 'action_connect',
        )

    def _texts_certificate(self, params):
        return (
            _("Odoo does not trust the certificate of the bank's host."),
            params.get('problem', ''), 'action_fetch_ca',
        )

    def _texts_silent(self, params):
        return (
            _("The bank has not answered since %(since)s; Odoo asks again at %(until)s.",
              since=self._moment(params.get('since')),
              until=self._moment(params.get('until'))),
            _("Payments that are made meanwhile are booked when the bank answers. If it is silent"
              " for Odoo alone, let your system administrator look whether the server reaches the"
              " bank's host."),
            'action_connect',
        )

    def _texts_renewal(self, params):
        if params.get('lost'):
            return (
                _("The bank's last answer to the renewal of the access was lost."),
                _("The access works on, and Odoo tries again by itself within the hour."), False,
            )
        return (
            _("The consent at the bank has to be given anew."),
            _("The bank does not renew the access. Payments work until %s; open the bank's page and"
              " give the consent.", self._moment(params.get('until'))),
            'action_open_consent',
        )

    def _texts_expiry(self, params):
        names = {
            'key': _("The JWT key ends on %s.", self._day(params.get('at'))),
            'consent': _("The consent at the bank ends on %s.", self._day(params.get('at'))),
            'certificate': _(
                "The trusted certificates end on %s.", self._day(params.get('at'))),
        }
        advices = {
            'key': _("Make a new key in the internet bank and paste it here. The old one ends at"
                     " once when it is issued anew."),
            'consent': _("Open the bank's page and give the consent anew."),
            'certificate': _("Fetch or upload the new root certificate."),
        }
        actions = {'consent': 'action_open_consent', 'certificate': 'action_fetch_ca'}
        return names[self.subject], advices[self.subject], actions.get(self.subject, False)

    def _texts_permission(self, params):
        connection = self.connection_id
        by_consent = connection.auth_method == 'oauth'
        return (
            _("The bank does not allow: %s.", connection._feature_name(self.subject)),
            _("Missing: %s.", ', '.join(params.get('names', ()))) + ' ' + (
                _("Open the bank's page and leave these boxes ticked.") if by_consent else
                _("A JWT key can't be changed: make a new one with these rights, and paste it.")
            ),
            'action_open_consent' if by_consent else False,
        )

    def _texts_webhook(self, params):
        return (
            _("The bank does not notify Odoo of payments; they are booked within minutes."),
            params.get('problem') or _("Odoo is not registered for the bank's notifications."),
            'action_register_webhook',
        )

    def _texts_webhook_foreign(self, params):
        return (
            _("The bank notifies another system of the payments; they are booked within minutes."),
            _("The bank sends the notifications of this Client_ID to %s. One Client_ID has one"
              " address: make another application for the other system, or take the notifications"
              " over if that address is not in use any more.", params.get('url')),
            'action_take_webhook',
        )

    def _texts_address(self, params):
        return (
            _("Odoo is reached at another address than the bank knows."),
            _("The connection was confirmed for %(old)s; Odoo now calls itself %(new)s. If it has"
              " moved, use the new address and change the Redirect URL in the internet bank. If an"
              " administrator has only logged in by another address, nothing needs to be done.",
              old=params.get('old'), new=params.get('new')),
            'action_confirm_address',
        )

    def _texts_copy(self, params):
        return (
            _("This database is a copy."),
            _("The bank was connected in another database. Here Odoo neither renews the access nor"
              " takes the notifications. If the other database is not in use any more, say that"
              " this one is the real one."),
            'action_adopt_database',
        )

    def _texts_clock(self, params):
        return (
            _("The clock of the server is wrong."),
            _("The bank's clock differs by %s seconds. Let your system administrator set the"
              " server's time (NTP): otherwise links and keys look expired.",
              params.get('seconds')),
            'action_connect',
        )

    def _texts_entity(self, params):
        return (
            _("A legal entity of the bank has no company in Odoo: %s.", params.get('name')),
            _("Choose its company in the tab Legal entities; the INN must be the same (%s).",
              params.get('inn') or '-'),
            False,
        )

    def _texts_inn(self, params):
        entity = self.env['tochka.legal.entity'].browse(params.get('id')).exists()
        return (
            _("The INN of %s is not the one that the bank knows.",
              entity.company_id.name or self.subject),
            entity and entity._describe_other_inn() + ' ' + _(
                "Correct the company's INN, or choose another company in the tab Legal entities."),
            False,
        )

    def _texts_provider(self, params):
        provider = self.env['payment.provider'].sudo().browse(params.get('id')).exists()
        return (
            _("%s takes no payments now.", provider.name or self.subject),
            provider and provider._tochka_find_obstacle(), False,
        )

    def _texts_warning(self, params):
        provider = self.env['payment.provider'].sudo().browse(params.get('id')).exists()
        return (
            _("Check the settings of %s.", provider.name or self.subject),
            provider and provider._tochka_find_warning(), False,
        )

    def _day(self, text):
        return format_date(self.env, fields.Datetime.to_datetime(text))

    def _moment(self, text):
        return format_datetime(self.env, fields.Datetime.to_datetime(text))

    # === ACTION METHODS === #

    def action_mend(self):
        """ Press the button that mends it.

        :return: What the connection's method returns.
        :rtype: dict
        :raise UserError: If there is no button for it.
        """
        self.ensure_one()
        if self.action_name not in self._action_labels():
            raise UserError(_("A person has to mend this: %s", self.advice))
        # The methods check themselves that an administrator calls them.
        return getattr(self.connection_id, self.action_name)()
