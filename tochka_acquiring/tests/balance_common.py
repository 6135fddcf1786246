# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

from odoo.fields import Command

from odoo.addons.tochka_acquiring.tests.common import TochkaCommon


class BalanceCommon(TochkaCommon):
    """ A payer with children, an account of advances, top-ups. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.advances = cls.env['account.account'].create({
            'code': '62.02', 'name': "Advances received", 'account_type': 'liability_current',
            'reconcile': True, 'company_ids': [Command.set(cls.company.ids)],
        })
        cls.receivable = cls.company_data['default_account_receivable']
        cls.masha, cls.petya = cls.env['res.partner'].create([
            {'name': name, 'parent_id': cls.payer.id, 'type': kind}
            for name, kind in (("Masha", 'contact'), ("Petya", 'other'))
        ])
        cls.stranger = cls.env['res.partner'].create({
            'name': "Sidorov", 'email': 'sidorov@example.com',
            'child_ids': [Command.create({'name': "Kolya", 'type': 'contact'})],
        })

    @classmethod
    def book_advances(cls, provider=None):
        (provider or cls.provider).sudo().write({
            'tochka_payment_kind': 'advance', 'tochka_advance_account_id': cls.advances.id,
        })

    def create_due(self, amount, days=0, partner=None, client=None, company=None, **values):
        """ Return an open invoice that is due in so many days. """
        invoice = self.create_invoice(amount, partner=partner, company=company, post=False)
        invoice.write({
            'invoice_date_due': self.today + timedelta(days=days),
            'invoice_payment_term_id': False,
            'tochka_client_id': client and client.id,
            **values,
        })
        invoice.action_post()
        return invoice

    def top_up(self, amount, client=None, **values):
        """ Let the payer top up the balance, and Odoo book it. """
        transaction = self.create_tx(
            amount=amount, tochka_client_id=client and client.id, **values
        )
        transaction._get_processing_values()
        self.assertEqual(transaction.state, 'draft', transaction.tochka_error)
        self.env.flush_all()
        return self.pay(transaction)

    def advance_line(self, transaction):
        return transaction.payment_id.move_id.line_ids.filtered(
            lambda line: line.account_id == self.advances)

    def transfers_of(self, invoice):
        return self.env['account.move'].sudo().search(
            [('tochka_settled_move_id', '=', invoice.id)])

    def create_other_company(self):
        """ Return another company in roubles, with a chart, that the user may work in. """
        company = self._create_company(
            name="ООО «Лютик»", currency_id=self.rub.id, country_id=self.env.ref('base.ru').id)
        self.env.user.company_ids = [Command.link(company.id)]
        return company.with_context(allowed_company_ids=[self.company.id, company.id])

    def assign(self, invoice, line):
        """ Use a credit for an invoice as the invoice's widget does. """
        invoice.js_assign_outstanding_line(line.id)
