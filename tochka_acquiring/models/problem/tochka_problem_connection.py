# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, models


class TochkaProblem(models.Model):
    """ What can be wrong with a connection. An accountant reads the titles alone. """

    _inherit = 'tochka.problem'

    def _texts_access(self, params):
        kind = params.get('kind')
        problem = self._error(params.get('error'))
        if kind == 'consent':
            problem = _(
                "%s\nThe bank does not accept the access, a permission or the customer code. Open"
                " the bank's page and give the consent anew.", problem)
        elif kind == 'key':
            problem = _(
                "%s\nThe bank does not accept the key, a permission or the customer code. A key"
                " that was issued anew replaces the old one at once: paste the new key here.",
                problem)
        return (
            _("The bank does not answer Odoo as it should."), problem,
            'action_open_consent' if kind == 'consent' else 'action_connect',
        )

    def _texts_certificate(self, params):
        return (
            _("Odoo does not trust the certificate of the bank's host."),
            self._error(params.get('error')), 'action_fetch_ca',
        )

    def _texts_silent(self, params):
        return (
            _("The bank has not answered since %(since)s; Odoo asks again at %(until)s.",
              since=self._moment(params.get('since')),
              until=self._moment(self.connection_id.silent_until)),
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
            _("The bank does not renew the access: %(error)s\nPayments work until %(until)s; open"
              " the bank's page and give the consent.",
              error=self._error(params.get('error')), until=self._moment(params.get('until'))),
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
        return (
            names.get(self.subject, self.subject), advices.get(self.subject, ''),
            actions.get(self.subject, False))

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
            (entity._describe_other_inn() + ' ' if entity else '') + _(
                "Correct the company's INN, or choose another company in the tab Legal entities."),
            False,
        )

    def _texts_provider(self, params):
        provider = self.env['payment.provider'].sudo().browse(params.get('id')).exists()
        return (
            _("%s takes no payments now.", provider.name or self.subject),
            provider and provider._tochka_find_obstacle() or '', False,
        )

    def _texts_warning(self, params):
        provider = self.env['payment.provider'].sudo().browse(params.get('id')).exists()
        return (
            _("Check the settings of %s.", provider.name or self.subject),
            provider and provider._tochka_find_warning() or '', False,
        )

    # === NOTIFICATIONS === #

    def _texts_event_failed(self, params):
        return (
            _("A notification of the bank could not be worked on."), params.get('problem', ''),
            'action_retry',
        )

    def _texts_orphan(self, params):
        return (
            _("The bank took money that Odoo has no transaction for."),
            _("The bank names the operation %(operation)s of %(amount)s roubles with the order"
              " number %(order)s. It may come from a copy of this database, or the payment was"
              " deleted here. Look at it in the internet bank, and book it by hand.",
              operation=params.get('operation'), amount=self._amount(params.get('amount')),
              order=params.get('order')),
            False,
        )
