# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import api, fields, models
from odoo.tools import format_amount, format_date

from odoo.addons.tochka_acquiring.api import details
from odoo.addons.tochka_acquiring.utils import bank_day


class PaymentTransaction(models.Model):
    """ What a payment is for, in one line. """

    _inherit = 'payment.transaction'

    # === BUSINESS METHODS === #

    def _tochka_payer(self):
        """ Return who pays: the customer of the document. :rtype: res.partner """
        self.ensure_one()
        documents = self._tochka_documents()
        partners = (
            documents.partner_invoice_id if documents._name == 'sale.order'
            else documents.partner_id
        )
        return partners[:1] or self.partner_id

    def _tochka_clients(self):
        """ Return who is taught or served, else the payer. :rtype: res.partner """
        self.ensure_one()
        documents = self._tochka_documents()
        if documents._name == 'sale.order':
            clients = documents.partner_id
        else:
            clients = documents.tochka_client_id
        return clients or self.tochka_client_id or self._tochka_payer()

    def _tochka_paper_lang(self):
        """ Return the language of what is printed and what the bank shows: the company's own.

        :rtype: str|None
        """
        self.ensure_one()
        return self.company_id.sudo().partner_id.lang or self.env.lang

    def _tochka_details(self):
        """ Return the details by the provider's template, in the language of the company whose
        money it is; empty without one.

        :rtype: str
        """
        self.ensure_one()
        self = self.with_context(lang=self._tochka_paper_lang())  # noqa: PLW0642
        provider = self.provider_id.sudo()
        if provider.tochka_details_mode != 'template':
            return ''
        documents = self._tochka_documents()
        payer, clients = self._tochka_payer(), self._tochka_clients()
        names = ', '.join(name for name in documents.mapped('name') if name)
        values = provider._tochka_both_names({
            'payer': payer.name,
            'client': ', '.join(dict.fromkeys(
                clients.filtered('name').mapped('name'))),
            'document': names or self.reference,
            'amount': f'{self._tochka_amount():.2f}',
            'date': f'{bank_day(fields.Datetime.now()):%d.%m.%Y}',
            'company': provider.company_id.name,
        })
        records = provider._tochka_both_names(
            {'payer': payer, 'client': clients, 'document': documents})
        for tag in provider._tochka_template_tags():
            name, _dot, field_name = tag.partition('.')
            if field_name and name in records:
                values[tag] = self._tochka_field_text(records[name][:1].sudo(), field_name)
        return details.render(provider.tochka_details_template or '', values)

    @api.model
    def _tochka_field_text(self, record, name):
        """ Return the value of a field as people write it.

        :param models.Model record: A record, or none.
        :param str name: The field; a sale order has not all that an invoice has.
        :rtype: str
        """
        field = record._fields.get(name)
        value = record[name] if field else False
        if not value:
            return ''
        if field.type == 'date':
            return format_date(self.env, value)
        if field.type == 'monetary':
            return format_amount(self.env, value, record[field.get_currency_field(record)])
        return str(field.convert_to_export(value, record))
