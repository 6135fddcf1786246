# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, api, models
from odoo.tools import plaintext2html

from odoo.addons.tochka_fiscal.registers import bank


class FiscalReceipt(models.Model):
    """ Receipts of the bank's own register, which prints them together with the payment.

    What it prints is fixed when the link is made. It proves nothing to Odoo, and so nothing is
    claimed: a paid link leaves its receipt `delegated`.
    """

    _inherit = 'fiscal.receipt'

    # === BUSINESS METHODS === #

    @api.model
    def _create_waiting(self, transaction):
        """ Create the receipt that goes with a link, before the bank is asked for the link.

        :param payment.transaction transaction: The transaction, as superuser.
        :rtype: fiscal.receipt
        :raise ReceiptError: If the receipt can't be built.
        :raise Unsupported: If the bank's register can't print it.
        """
        receipt = self.create({
            **self._common_values(transaction),
            'register_id': transaction.provider_id._fiscal_bank_register().id,
            'state': 'waiting',
        })
        receipt._write_lines(receipt._make_lines())
        receipt._bank_request()
        return receipt

    def _bank_request(self):
        """ Return what the bank is sent with the link.

        :rtype: dict
        :raise ReceiptError: If something is missing or does not fit.
        :raise Unsupported: If the bank's register can't print it.
        """
        self.ensure_one()
        return bank.build(self._neutral(self.settlement))

    def _delegate(self):
        """ The link is paid: the bank's partner prints, even if the link looked dead before. """
        for receipt in self.filtered(lambda r: r.state in ('waiting', 'void')):
            receipt.write({
                'state': 'delegated',
                'paid_at': receipt.transaction_id._fiscal_paid_at(),
            })
            receipt._tell_documents()
            receipt._confirm()
            if receipt.prepaid_left:
                receipt._message_log(body=plaintext2html(_(
                    "This is a receipt of a prepayment, and the bank's register prints no closing"
                    " receipts. Odoo reminds you when it is due.")))

    def _void(self):
        """ The link is dead: nothing is printed. """
        self.filtered(lambda r: r.state == 'waiting').state = 'void'
