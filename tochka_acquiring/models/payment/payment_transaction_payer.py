# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import email_normalize, email_normalize_all


class PaymentTransaction(models.Model):
    """ What the payer agrees to and leaves before paying: the public offer and an e-mail. """

    _inherit = 'payment.transaction'

    tochka_offer_accepted_at = fields.Datetime(
        string="Public offer accepted at", readonly=True, copy=False)
    tochka_offer_url = fields.Char(
        string="Accepted offer", readonly=True, copy=False,
        help="The text that the payer has agreed to.")

    # === BUSINESS METHODS === #

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
            if not normalized:
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
        for email in email_normalize_all(self.partner_email or ''):
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
