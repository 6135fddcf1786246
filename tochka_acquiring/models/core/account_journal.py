# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, models


class AccountJournal(models.Model):
    _inherit = 'account.journal'

    def _fill_bank_cash_dashboard_data(self, dashboard_data):
        """ Override of `account` to tell on the card of a cash box what needs a person. """
        super()._fill_bank_cash_dashboard_data(dashboard_data)
        for journal in self:
            connection = journal._tochka_connection()
            if not connection:
                continue
            problems = self.env['tochka.problem'].search(journal._tochka_problem_domain())
            urgent = problems.filtered(lambda problem: problem.severity != '3_info')
            dashboard_data[journal.id]['tochka_health'] = {
                'is_well': connection.state == 'connected' and not urgent,
                'count': len(urgent),
                'text': '\n'.join(dict.fromkeys(problems.mapped('title')))
                or _("All is well: payments are taken and booked."),
            }

    def action_tochka_connection(self):
        """ Open what needs a person, or else the connection behind the card.

        :return: The action that opens it.
        :rtype: dict
        """
        self.ensure_one()
        self.check_access('read')
        domain = self._tochka_problem_domain()
        if self.env['tochka.problem'].search_count(domain, limit=1):
            action = self.env['ir.actions.act_window']._for_xml_id(
                'tochka_acquiring.action_tochka_problem')
            return {**action, 'domain': domain, 'context': {}}
        return {
            'type': 'ir.actions.act_window',
            'res_model': 'tochka.connection',
            'res_id': self._tochka_connection().id,
            'view_mode': 'form',
            'views': [(False, 'form')],
        }

    def _tochka_problem_domain(self):
        """ Return which open problems stand on the card: those of the connection, and those of the
        company's payments, refunds and receipts.

        :rtype: list
        """
        self.ensure_one()
        return [
            ('closed_at', '=', False), ('company_id', 'in', [False, self.company_id.id]),
            ('connection_id', 'in', [False, self._tochka_connection().id]),
        ]

    def _tochka_connection(self):
        """ Return the connection whose payments are posted in this journal.

        :rtype: tochka.connection
        """
        self.ensure_one()
        providers = self.sudo().inbound_payment_method_line_ids.payment_provider_id
        return providers.filtered(
            lambda p: p.code == 'tochka' and p.state != 'disabled'
        ).tochka_connection_id[:1]
