# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import psycopg2

from odoo import _, models

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_acquiring import const as acquiring_const
from odoo.addons.tochka_fiscal import const
from odoo.addons.tochka_fiscal.receipt import Receipt, ReceiptError
from odoo.addons.tochka_fiscal.registers import bank
from odoo.addons.tochka_fiscal.registers.base import Unsupported

_logger = get_payment_logger(__name__, acquiring_const.SENSITIVE_KEYS)


class FiscalReceipt(models.Model):
    """ What a receipt says. """

    _inherit = 'fiscal.receipt'

    # === BUSINESS METHODS === #

    def _make_lines(self):
        """ Return the lines that this receipt should have, and where a return's come from.

        :return: (Line, fiscal.receipt.line): the second is empty but for returns.
        :rtype: list[tuple]
        """
        self.ensure_one()
        # Which pieces other receipts have told of does not depend on this one.
        return getattr(
            self.with_context(fiscal_building=self), const.LINES_BY_ROLE[self._stands_for()])()

    def _stands_for(self):
        """ Return the role whose lines this receipt has: the right one and a correction stand for
        a payment, or for a closing receipt. :rtype: str
        """
        return self.role if self.role not in ('right', 'correction') else (
            'closing' if self.prepayment_id else 'payment')

    def _is_of_money(self):
        """ Return whether this is the one receipt of its transaction, as `_settled_uniq`.

        :rtype: bool
        """
        self.ensure_one()
        return self._stands_for() in ('payment', 'return') and not self.is_replaced and (
            self.role != 'right' or self.state != 'void')

    def _payment_lines(self):
        """ Return the lines of what money has paid, as `_make_lines`. """
        nothing = self.env['fiscal.receipt.line']
        return [(line, nothing) for line in self.transaction_id._fiscal_lines()]

    def _build_lines(self, lines=None):
        """ Build the lines from what was paid; a person is asked when that is not possible.

        :param list[tuple]|None lines: The lines as `_make_lines`, where there is no payment.
        """
        self.ensure_one()
        self = self.env['tochka.problem']._for_reader(self)  # noqa: PLW0642
        try:
            with self.env.cr.savepoint():
                self._compose(lines)
            if self.register_id.kind == 'bank' and self.kind == 'income':
                # The lines stay: they are what a person prints by hand.
                bank.build(self._neutral())
        except (ReceiptError, Unsupported) as error:
            self._fail(error)
        except psycopg2.OperationalError:
            raise  # another process was faster: all of it is done again
        except Exception as error:
            # Whatever is wrong with a document must not keep its money out of the books.
            _logger.exception("The receipt of %s can't be built", self.name)
            self._fail(_(
                "The receipt could not be built: %s. The server's log says more.",
                type(error).__name__))

    def _compose(self, lines=None):
        """ Make the lines and write them.

        :param list[tuple]|None lines: The lines, if they are known.
        :raise ReceiptError: If that is not possible.
        """
        self.ensure_one()
        lines = lines or self._make_lines()
        if self._stands_for() == 'payment':
            self._note_cards([line for line, _origin in lines])
        if self.role == 'return':
            self._repeat_taxation([origin for _line, origin in lines])
        self._write_lines(lines)

    def _build_anew(self):
        """ Build a receipt that surely was not printed by the settings of today. Which documents
        were paid, whether they were delivered and what each has got stay as they were decided; so
        does what a person has put right. Where it can't be built any more it stays as it was.
        """
        self.ensure_one()
        if self.role in const.FIXED_ROLES:
            return
        self = self.env['tochka.problem']._for_reader(self)  # noqa: PLW0642
        transaction = self.transaction_id
        self.write({
            'address': self.register_id.address,
            'contact': self.contact or transaction._fiscal_contact(),
            'taxation_system': self.income_id.taxation_system
            or self._taxation_of_its_day() or self.taxation_system,
        })
        if not self.line_ids:
            self._build_lines()
            return
        # What has come back of it waits for it, and was not printed either.
        returns = self.line_ids.return_line_ids.receipt_id
        try:
            with self.env.cr.savepoint():
                returns.line_ids.unlink()
                self.line_ids.unlink()
                self._compose()
                for receipt in returns:
                    receipt._compose()
        except psycopg2.OperationalError:
            raise
        except Exception as error:
            if not isinstance(error, (ReceiptError, Unsupported)):
                _logger.exception("The receipt of %s can't be built anew", self.name)
            self._message_log(body=_(
                "It could not be built anew, and its lines stay as they were: %s",
                self._explain(error)))

    def _taxation_of_its_day(self):
        """ Return the taxation system of the day of this settlement: that of the money, or of the
        delivery that it closes. :rtype: str|bool """
        self.ensure_one()
        day = self._fiscal_settled_on()
        document = self._stands_for() == 'closing' and self._closed_record()
        if document:
            day = self.transaction_id._fiscal_closing_day(document, day)
        return self.transaction_id.provider_id._fiscal_taxation_on(day)

    def _write_lines(self, lines):
        """ Write the lines of a receipt that was not sent yet.

        :param list[tuple] lines: The lines, as `_make_lines` returns them.
        :raise ReceiptError: If the receipt then is none.
        """
        self.ensure_one()
        self.line_ids.unlink()
        of_receipt = self.env['fiscal.receipt.line']
        of_receipt.create([
            {**of_receipt._values(line), 'receipt_id': self.id, 'origin_id': origin.id}
            for line, origin in lines])
        self._neutral()

    def _neutral(self, key='none'):
        """ Return the receipt as a register is given it.

        :param str key: The number under which it is printed once, if it is to be printed.
        :rtype: Receipt
        :raise ReceiptError: If something is missing or does not fit.
        """
        self.ensure_one()
        contact = (self.contact or '').strip()
        if not contact:
            raise ReceiptError(_(
                "Neither e-mail nor phone of the buyer is known. Fill in the contact of the"
                " receipt, and try again."))
        is_mail = '@' in contact  # One that is wrong is called a wrong e-mail, and no phone.
        return Receipt(
            key=key, kind=self.kind, taxation_system=self.taxation_system,
            lines=tuple(line._line() for line in self.line_ids),
            payments=dict(self.payments),
            email=contact if is_mail else '', phone='' if is_mail else contact,
            address=self.address,
            correction=self._correction(),
            wrong_sign=self.wrong_id.fiscal_sign or '',
        )
