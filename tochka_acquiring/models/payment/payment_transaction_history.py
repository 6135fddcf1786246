# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import datetime
from zoneinfo import ZoneInfo

from odoo import _, api, fields, models

from odoo.addons.tochka_acquiring import const


class PaymentTransaction(models.Model):
    """ The bank's history of an operation, beside what a person has to decide by it. """

    _inherit = 'payment.transaction'

    # `type`, `amount` (roubles, as text), `time` (ISO with its offset, or None) and `order_id` of
    # each entry of `Order[]`, as last read.
    tochka_history = fields.Json(readonly=True, copy=False)
    tochka_history_text = fields.Text(
        string="History at the bank", compute='_compute_tochka_history_text',
        help="The movements of money of the operation, as the bank has listed them when it was last"
             " asked. Times are those of Moscow.")

    # === COMPUTE METHODS === #

    @api.depends('tochka_history')
    @api.depends_context('lang')
    def _compute_tochka_history_text(self):
        for transaction in self:
            transaction.tochka_history_text = '\n'.join(
                self._tochka_describe_entry(entry) for entry in transaction.tochka_history or [])

    def _tochka_describe_entry(self, entry):
        names = {
            'approval': _("paid"), 'authorized': _("held"), 'refund': _("returned"),
        }
        moment = entry['time'] and datetime.fromisoformat(entry['time']).astimezone(
            ZoneInfo(const.BANK_TIME_ZONE)).strftime('%d.%m.%Y %H:%M')
        return ' '.join(filter(None, [
            moment, f'{names.get(entry["type"], entry["type"])}:',
            _("%s roubles", entry['amount']), entry['order_id'] and f'({entry["order_id"]})',
        ]))

    # === BUSINESS METHODS === #

    def _tochka_write_history(self, operation):
        """ Keep what the bank lists of an operation.

        :param Operation operation: The operation as just read.
        """
        history = [{
            'type': order.type, 'amount': f'{order.amount:.2f}', 'order_id': order.order_id,
            'time': order.time and order.time.isoformat(),
        } for order in operation.orders]
        if history != (self.tochka_history or []):
            self.tochka_history = history
