# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import email_normalize, email_normalize_all, format_amount, format_date

from odoo.addons.tochka_acquiring.api import details
from odoo.addons.tochka_acquiring.api.text import is_email
from odoo.addons.tochka_acquiring.utils import bank_day


class PaymentTransaction(models.Model):
    """ Who pays, what he agrees to and leaves before paying, and what it is for, in one line. """

    _inherit = 'payment.transaction'

    tochka_offer_accepted_at = fields.Datetime(
        string="Public offer accepted at", readonly=True, copy=False)
    tochka_offer_url = fields.Char(
        string="Accepted offer", readonly=True, copy=False,
        help="The text that the payer has agreed to.")

    # === BUSINESS METHODS - WHAT IT IS FOR === #

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

    # === BUSINESS METHODS - OFFER AND E-MAIL === #

    def _tochka_hand_link_to(self, partner):
        """ A link is used again: nobody inherits what an earlier visitor was, ticked and typed.

        :param res.partner partner: Who opens the payment page now.
        """
        self.ensure_one()
        self.write({
            'tochka_offer_accepted_at': False,
            'tochka_offer_url': False,
            'partner_id': partner.id,
            'partner_name': partner.name,
            'partner_email': partner._tochka_email(),
        })

    def _tochka_take_payer_input(self, partner, offer_accepted, email):
        """ Keep what the payer has ticked and typed on the payment page.

        A visitor never changes the partner, and a payer whose e-mail is known can't replace it.

        :param res.partner partner: Who opens the payment page, as the page knows it.
        :param bool offer_accepted: Whether the box of the public offer was ticked.
        :param str|None email: The typed e-mail.
        :raise ValidationError: With a sentence for the customer.
        """
        self.ensure_one()
        offer_url = self.provider_id.company_id._tochka_offer().tochka_offer_url
        if offer_accepted is True and offer_url:
            self.write({
                'tochka_offer_accepted_at': fields.Datetime.now(), 'tochka_offer_url': offer_url,
            })
        if email and not partner._tochka_email():
            normalized = isinstance(email, str) and email_normalize(email)
            if not normalized or not is_email(normalized):
                raise ValidationError(_("Please check the e-mail address: it does not look right."))
            self.partner_email = normalized

    def _tochka_fits_payer(self, partner, email):
        """ Return whether an open link may be handed out to whoever opens the page now.

        Hook for `tochka_fiscal`: a link with a receipt has the payer's e-mail in it.

        :param res.partner partner: Who opens the payment page, as the page knows it.
        :param str|None email: The typed e-mail.
        :rtype: bool
        """
        return True

    def _tochka_payer_email(self):
        """ Return the e-mail of the payer: typed, the payer's own, or the family's.

        :rtype: str
        """
        self.ensure_one()
        for email in filter(is_email, email_normalize_all(self.partner_email or '')):
            return email
        return self.partner_id._tochka_email() or self._tochka_document_partner()._tochka_email()

    def _tochka_check_payer(self):
        """ Check that the offer was accepted and an e-mail is known.

        :raise ValidationError: With a sentence for the customer.
        """
        self.ensure_one()
        offer = self.provider_id.company_id._tochka_offer()
        if offer.tochka_offer_required and self.tochka_offer_url != offer.tochka_offer_url:
            raise ValidationError(_(
                "Please tick that you accept the terms of the public offer, and press Pay again."))
        if not self._tochka_payer_email():
            raise ValidationError(_(
                "Please enter your e-mail: the receipt is sent there. Then press Pay again."))
