# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import psycopg2

from odoo import _, api, models
from odoo.tools import plaintext2html

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_acquiring import const as acquiring_const
from odoo.addons.tochka_fiscal.registers import bank

_logger = get_payment_logger(__name__, acquiring_const.SENSITIVE_KEYS)


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
        return bank.build(self._neutral())

    def _delegate(self):
        """ The link is paid: the bank's partner prints, even if the link looked dead before. """
        for receipt in self.filtered(lambda r: r.state in ('waiting', 'void')):
            receipt.write({
                'state': 'delegated',
                'paid_at': receipt.transaction_id._fiscal_paid_at(),
            })
            receipt._ask_about_old_link()
            receipt._tell_documents()
            receipt._confirm()
            if receipt.prepaid_left:
                receipt._message_log(body=plaintext2html(_(
                    "This is a receipt of a prepayment, and the bank's register prints no closing"
                    " receipts. Odoo reminds you when it is due.")))

    def _ask_about_old_link(self):
        """ Ask a person when the bank prints what is not true any more: the invoice was edited,
        made cheaper or paid otherwise after its link was made.

        It is called before the payment is booked.
        """
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                is_right = self.taxation_system == self._taxation_of_its_day() and (
                    self.transaction_id._fiscal_says_the_same(self))
        except psycopg2.OperationalError:
            raise
        except Exception:
            # Whatever is wrong with a document must not keep its money out of the books.
            _logger.exception("The documents of receipt %s can't be looked at", self.name)
            is_right = False
        if not is_right:
            self._ask('receipt_outdated', lines=[
                [line.name, f'{line.quantity:g}', f'{line.total:.2f}', line.vat]
                for line in self.line_ids])

    def _void(self):
        """ The link is dead: nothing is printed. """
        self.filtered(lambda r: r.state == 'waiting').state = 'void'
