# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, api, fields, models

from odoo.addons.tochka_fiscal import const
from odoo.addons.tochka_fiscal.models.receipt.fiscal_receipt_line import to_kopecks
from odoo.addons.tochka_fiscal.receipt import ReceiptError, cut_name, return_line, share_return


class FiscalReceipt(models.Model):
    """ The receipt of a return: it repeats the lines of its income, and goes to the same register.

    It is made when the money has gone back, together with the refund transaction.
    """

    _inherit = 'fiscal.receipt'

    income_id = fields.Many2one(
        string="Receipt of the income", comodel_name='fiscal.receipt', readonly=True,
        ondelete='restrict', index='btree_not_null')
    return_ids = fields.One2many(
        string="Receipts of returns", comodel_name='fiscal.receipt', inverse_name='income_id',
        readonly=True)

    # === BUSINESS METHODS - CREATION === #

    @api.model
    def _create_return(self, refund):
        """ Create the receipt of a refund that is done, once, or take the one that an earlier
        version has made with the request.

        :param payment.transaction refund: The refund, as superuser.
        :return: The receipt; none when the payment has none.
        :rtype: fiscal.receipt
        """
        known = refund._fiscal_receipt()
        income = refund.source_transaction_id._fiscal_receipt()
        if known or not income:
            return known
        receipt = self.create({
            **{name: income[name].id for name in (
                'partner_id', 'company_id', 'currency_id')},
            **{name: income[name] for name in ('taxation_system', 'contact', 'address')},
            'name': refund.reference,
            'register_id': income._register_of_return().id,
            'role': 'return',
            'kind': 'income_return',
            'transaction_id': refund.id,
            'income_id': income.id,
            'invoice_ids': (refund.invoice_ids or income.invoice_ids).ids,
            'total': abs(refund.amount),
            'payments': {'cashless': to_kopecks(abs(refund.amount))},
            'state': 'waiting',
        })
        receipt._build_lines()
        return receipt

    def _register_of_return(self):
        """ Return where what comes back of this income is printed: there, as long as people print
        there.

        :rtype: fiscal.register
        """
        self.ensure_one()
        register = self.register_id
        return register if register.kind == 'bank' or register._is_in_use() else (
            self._present_register())

    def _release(self):
        """ The money has gone back: print the return. """
        for receipt in self:
            if receipt.state not in ('waiting', 'void') and (
                receipt.state != 'failed' or receipt.attempt_ids
            ):
                continue
            # Of one that rests since an upgrade others may have taken the lines meanwhile.
            is_built = receipt.state == 'waiting' and bool(receipt.line_ids)
            receipt.write({
                'state': 'queued', 'next_try_at': fields.Datetime.now(),
                'paid_at': receipt.transaction_id._fiscal_paid_at()})
            if not is_built:
                receipt._build_lines()
            if receipt.register_id.kind == 'bank':
                receipt._leave_return()
        self._trigger()

    def _leave_return(self):
        """ Nobody documents whether the bank's partner prints returns: say what to look for. """
        self.write({'state': 'delegated', 'next_try_at': False})
        self._ask('receipt_return', total=f'{self.total:.2f}', contact=self.contact)

    # === BUSINESS METHODS - LINES === #

    def _return_lines(self):
        """ Return what comes back, line by line, with the printed line that it comes from.

        :return: As `_make_lines`: the sum is exactly what was returned.
        :rtype: list[tuple]
        :raise ReceiptError: If more comes back than the receipts have left.
        """
        self.ensure_one()
        amount = to_kopecks(self.total)
        prepaid, settled = self.income_id._left_to_return(self)
        lines = [line for line, _left in prepaid + settled]
        left = [kopecks for _line, kopecks in prepaid + settled]
        named = self._named_lines(lines, amount)
        if named:
            shares = share_return(amount, left, named)
        else:
            # What was for nothing goes back first, then what was not handed over yet: the rest of
            # a balance is an advance.
            over = [place for place, (line, _left) in enumerate(prepaid) if line._is_left_over()]
            groups = [over, [place for place in range(len(prepaid)) if place not in over]]
            shares = [0] * len(left)
            rest = amount
            for places in (*groups, range(len(prepaid), len(left))):
                of_group = [left[place] for place in places]
                part = min(rest, sum(of_group)) if places in groups else rest
                rest -= part
                if part:
                    of_part = share_return(part, of_group)
                    for place, share in zip(places, of_part, strict=True):
                        shares[place] = share
        return [
            (part, line) for line, share in zip(lines, shares, strict=True) if share
            for part in return_line(line._line(), share)
        ]

    def _repeat_taxation(self, origins):
        """ Take the taxation system of the receipts that a return repeats: what was prepaid under
        one and delivered under another comes back as it was delivered. Where it repeats several,
        that of the money stays.

        :param list[fiscal.receipt.line] origins: The printed lines.
        """
        self.ensure_one()
        systems = {origin.receipt_id.taxation_system for origin in origins if origin}
        if len(systems) == 1:
            self.taxation_system = systems.pop()

    def _left_to_return(self, returning):
        """ Return what is left of the lines of an income, in the order in which it goes back.

        :param fiscal.receipt returning: The receipt of the return, which does not count.
        :return: Of prepaid lines that were not closed, and of settled and closing lines:
                 (fiscal.receipt.line, kopecks).
        :rtype: tuple[list[tuple], list[tuple]]
        :raise ReceiptError: If the income has no lines.
        """
        self.ensure_one()
        if not self.line_ids:
            raise ReceiptError(_(
                "The receipt %s of the payment itself has no lines yet. Put it right first.",
                self.name))

        def rest(line):
            own = sum(to_kopecks(one.total) for one in line.return_line_ids
                      if one.receipt_id == returning)
            return to_kopecks(line.total) - line._returned() + own

        closings = self._closings()
        closed, used = sum(closing._money() for closing in closings), self._used()
        prepaid, settled = [], []
        # Lines of a document are closed before money that is an advance in any case.
        for line in self.line_ids.sorted(lambda line: (not line.source, line.id)):
            if line.fiscal_method not in const.PREPAID_METHODS:
                settled.append((line, rest(line)))
                continue
            left = rest(line)
            if not line.source:  # A gift card that has paid something is no advance any more.
                by_card = min(used, left)
                used -= by_card
                left -= by_card
            taken = min(closed, left)
            closed -= taken
            prepaid.append((line, left - taken))
        settled += [(line, rest(line)) for line in closings.line_ids]
        return prepaid, settled

    def _named_lines(self, lines, amount):
        """ Return which lines are known to come back: those that a person has picked, or those of
        the credit note.

        :param list[fiscal.receipt.line] lines: The lines of the income.
        :param int amount: Kopecks that come back.
        :return: As `receipt.share_return` takes it.
        :rtype: list[tuple[list[int], int]]
        """
        refund = self.transaction_id
        places = {line.id: place for place, line in enumerate(lines)}
        picked = [([places[int(line_id)]], kopecks)
                  for line_id, kopecks in (refund.fiscal_picked or {}).items()
                  if int(line_id) in places]
        if picked:
            return picked
        named = []
        for note in refund._fiscal_returned_notes():
            sources = {f'account.move,{invoice.id}' for invoice in note._tochka_credited_invoices()}
            for line in refund._fiscal_document_lines(note):
                pieces = [place for code in line._fiscal_mark_codes()
                          for place, one in enumerate(lines) if one.mark == code]
                if pieces:
                    named += [([place], to_kopecks(lines[place].total)) for place in pieces]
                    continue
                name = cut_name(refund._fiscal_line_name(line, note))
                alike = [place for place, one in enumerate(lines) if one.name == name]
                # First the lines of the invoice itself, then those of receipts that have closed it.
                alike.sort(key=lambda place: lines[place].source not in sources)
                total = refund._fiscal_kopecks(line.price_total)
                if alike and total > 0:
                    named.append((alike, total))
        whole = sum(total for _places, total in named)
        if whole > amount:  # Only a part of the credit note's money goes back now.
            parts = share_return(amount, [total for _places, total in named])
            named = [(alike, part) for (alike, _total), part in zip(named, parts, strict=True)]
        return named
