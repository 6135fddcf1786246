# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import SUPERUSER_ID, api


def migrate(cr, _version):
    """ Which lines come back stays on the refund until it is a transaction; its receipt, made with
    the request by the version before, rests until the money has gone back.
    """
    cr.execute("""
        UPDATE tochka_refund refund SET fiscal_picked = tx.fiscal_picked
          FROM payment_transaction tx
         WHERE tx.id = refund.transaction_id AND tx.fiscal_picked IS NOT NULL
    """)
    env = api.Environment(cr, SUPERUSER_ID, {})
    unbooked = env['tochka.refund'].search([('transaction_id.state', '=', 'cancel')])
    receipts = unbooked.transaction_id.fiscal_receipt_ids.filtered(
        lambda receipt: receipt.state == 'waiting'
        or receipt.state == 'failed' and not receipt.attempt_ids)
    receipts.write({'state': 'void', 'problem': False})
    receipts.activity_unlink(['mail.mail_activity_data_warning'])
