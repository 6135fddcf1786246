# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.tochka_acquiring.const import BANK_TIME_ZONE
from odoo.addons.tochka_acquiring.utils import bank_day
from odoo.addons.tochka_fiscal import const, tuning


class FiscalReceipt(models.Model):
    """ Which prepayments the job that closes them looks at: those of which something has changed.

    Of what is open the books themselves tell: entries, invoices and orders know when they were
    written, and a look is noted on the receipt. One that waits costs next to nothing, however many
    there are. Of what is closed already whoever takes a delivery back leaves a mark.
    """

    _inherit = 'fiscal.receipt'

    closing_looked_at = fields.Datetime(readonly=True)
    # What was closed may have to be taken back, or the books disagree with the receipt.
    closing_changed = fields.Boolean(readonly=True)

    _prepaid_idx = models.Index('(id) WHERE prepaid_left > 0')
    _changed_idx = models.Index('(id) WHERE closing_changed')
    _unsent_idx = models.Index(
        "(id) WHERE prepayment_id IS NOT NULL AND state IN ('queued', 'failed')")
    _closed_order_idx = models.Index(
        "(create_date) WHERE left(closed_document, 10) = 'sale.order'")

    # === BUSINESS METHODS === #

    @api.model
    def _cron_fiscal_closing(self):
        """ Make the closing receipts that are due, where the provider wants it by itself. """
        cron = self.env['ir.cron']
        found = self._find_closable()
        # Those that were looked at a moment ago are found once more, and are no work that is left.
        limit = fields.Datetime.now() - timedelta(minutes=tuning.CLOSING_MARGIN_MINUTES)
        is_due = [not one.closing_looked_at or one.closing_looked_at < limit for one in found]
        count = 0
        for prepayment in found:
            if cron._tochka_guard(lambda one: one._look_at(), prepayment) is None:
                # One that breaks is looked at again with the next change, or tomorrow.
                cron._tochka_guard(lambda one: one.write({
                    'closing_looked_at': fields.Datetime.now(), 'closing_changed': False,
                }), prepayment)
            count += 1
            if not cron._tochka_time_left(1):
                break
        if any(is_due[count:]) or len(found) == tuning.CLOSING_BATCH and is_due[-1]:
            cron._tochka_go_on('tochka_fiscal.cron_closing')

    def _look_at(self):
        """ Close what is due of one prepayment, and remember when.

        :return: The new closing receipts.
        :rtype: fiscal.receipt
        """
        self.write({'closing_looked_at': fields.Datetime.now(), 'closing_changed': False})
        return self._close()

    @api.model
    def _note_change(self, moves):
        """ Let the job look at what was settled by invoices that are not what they were.

        :param account.move moves: Invoices that were cancelled, reversed, edited or unmatched.
        """
        moves = moves.sudo().filtered(lambda move: move.is_sale_document(include_receipts=True))
        if not moves:
            return
        closings = self.sudo().search([
            ('closed_document', 'in', [f'account.move,{move_id}' for move_id in moves.ids]),
            ('state', '!=', 'void'), ('is_replaced', '=', False),
        ])
        receipts = closings.prepayment_id | moves.fiscal_receipt_ids.filtered(
            lambda one: one._stands_for() == 'payment' and one.state in const.CLOSABLE_STATES)
        receipts.closing_changed = True
        if receipts:
            self.env['ir.cron']._tochka_wake('tochka_fiscal.cron_closing')

    @api.model
    def _find_closable(self):
        """ Return the prepayments of which something may have changed since they were looked at,
        the longest unseen first.

        A transaction that is committed late was written earlier: what was written shortly before
        the look counts as well, and once a day all are looked at.

        :return: At most `tuning.CLOSING_BATCH`, as superuser.
        :rtype: fiscal.receipt
        """
        now = fields.Datetime.now()
        changed = [self._changed_books()]
        if 'sale.order' in self.env:
            changed.append(self._changed_orders())
        if 'loyalty.card' in self.env and 'sale.order' in self.env:
            changed.append(self._changed_cards())
        self.env.flush_all()
        found = self.env.execute_query(SQL(
            """
            WITH prepayment AS (
                SELECT receipt.id, receipt.transaction_id, receipt.closing_looked_at AS looked_at,
                       receipt.closing_looked_at - %(margin)s * INTERVAL '1 minute' AS since,
                       tx.payment_id
                  FROM "fiscal_receipt" receipt
                  JOIN payment_transaction tx ON tx.id = receipt.transaction_id
                  JOIN payment_provider provider ON provider.id = tx.provider_id
                 WHERE receipt.id IN (
                           SELECT id FROM "fiscal_receipt" WHERE prepaid_left > 0
                            UNION
                           SELECT id FROM "fiscal_receipt" WHERE closing_changed
                            UNION
                           SELECT prepayment_id FROM "fiscal_receipt"
                            WHERE prepayment_id IS NOT NULL AND state IN %(revocable)s
                            UNION
                           SELECT prepayment_id FROM "fiscal_receipt"
                            WHERE left(closed_document, 10) = 'sale.order'
                              AND create_date > %(recently)s)
                   AND receipt.prepayment_id IS NULL AND receipt.state IN %(states)s
                   AND provider.fiscal_closing = 'auto'
            ), changed AS (
                SELECT prepayment.id, looked_at
                  FROM prepayment JOIN fiscal_receipt ON fiscal_receipt.id = prepayment.id
                 WHERE looked_at IS NULL OR looked_at < %(yesterday)s OR closing_changed
                 UNION %(changed)s
            )
            SELECT id FROM changed ORDER BY looked_at NULLS FIRST, id LIMIT %(limit)s
            """,
            margin=tuning.CLOSING_MARGIN_MINUTES, states=const.CLOSABLE_STATES,
            revocable=const.REVOCABLE_STATES,
            recently=now - timedelta(days=tuning.CLOSING_ORDER_DAYS),
            yesterday=now - timedelta(days=1), changed=SQL(' UNION ').join(changed),
            limit=tuning.CLOSING_BATCH,
        ))
        return self.sudo().browse(number for [number] in found)

    @api.model
    def _changed_books(self):
        """ Return the query of prepayments whose entry was matched or unmatched meanwhile, or whose
        invoices were written, or have become due. :rtype: SQL """
        return SQL(
            """
            SELECT prepayment.id, prepayment.looked_at FROM prepayment
              JOIN account_move_line credit ON credit.payment_id = prepayment.payment_id
         LEFT JOIN account_partial_reconcile partial ON partial.credit_move_id = credit.id
         LEFT JOIN account_move_line debit ON debit.id = partial.debit_move_id
         LEFT JOIN account_move direct ON direct.id = debit.move_id
         LEFT JOIN account_move move
                ON move.id = COALESCE(direct.tochka_settled_move_id, direct.id)
             WHERE credit.write_date > prepayment.since OR move.write_date > prepayment.since
                OR GREATEST(move.invoice_date, move.delivery_date)
                   BETWEEN %(looked)s + 1 AND %(today)s
            """, looked=self._looked_day(), today=bank_day(fields.Datetime.now()))

    @api.model
    def _changed_orders(self):
        """ Return the query of prepayments whose orders were written, delivered or invoiced
        meanwhile: those that were paid, and those whose invoices were. :rtype: SQL """
        return SQL(
            """
            SELECT prepayment.id, prepayment.looked_at FROM prepayment
              JOIN (SELECT transaction_id, sale_order_id AS order_id
                      FROM sale_order_transaction_rel
                     UNION
                    SELECT prepaid.transaction_id, sold.order_id FROM prepayment prepaid
                      JOIN account_move_line credit ON credit.payment_id = prepaid.payment_id
                      JOIN account_partial_reconcile partial ON partial.credit_move_id = credit.id
                      JOIN account_move_line debit ON debit.id = partial.debit_move_id
                      JOIN account_move direct ON direct.id = debit.move_id
                      JOIN account_move_line line
                        ON line.move_id = COALESCE(direct.tochka_settled_move_id, direct.id)
                      JOIN sale_order_line_invoice_rel rel ON rel.invoice_line_id = line.id
                      JOIN sale_order_line sold ON sold.id = rel.order_line_id
                   ) pays ON pays.transaction_id = prepayment.transaction_id
              JOIN sale_order_line sold ON sold.order_id = pays.order_id
              JOIN sale_order ON sale_order.id = pays.order_id
         LEFT JOIN sale_order_line_invoice_rel rel ON rel.order_line_id = sold.id
         LEFT JOIN account_move_line line ON line.id = rel.invoice_line_id
         LEFT JOIN account_move move ON move.id = line.move_id
             WHERE sold.write_date > prepayment.since OR sale_order.write_date > prepayment.since
                OR move.write_date > prepayment.since
                OR GREATEST(move.invoice_date, move.delivery_date)
                   BETWEEN %(looked)s + 1 AND %(today)s
            """, looked=self._looked_day(), today=bank_day(fields.Datetime.now()))

    @api.model
    def _changed_cards(self):
        """ Return the query of prepayments whose gift cards have paid something meanwhile.

        :rtype: SQL
        """
        return SQL("""
            SELECT prepayment.id, prepayment.looked_at FROM prepayment
              JOIN sale_order_transaction_rel rel ON rel.transaction_id = prepayment.transaction_id
              JOIN loyalty_history history
                ON history.order_model = 'sale.order' AND history.order_id = rel.sale_order_id
              JOIN sale_order_line used ON used.coupon_id = history.card_id
              JOIN sale_order_line sold ON sold.order_id = used.order_id
             WHERE sold.write_date > prepayment.since""")

    @api.model
    def _looked_day(self):
        """ Return the bank's day on which a prepayment was looked at. :rtype: SQL """
        return SQL(
            "(prepayment.looked_at AT TIME ZONE 'UTC' AT TIME ZONE %s)::date", BANK_TIME_ZONE)
