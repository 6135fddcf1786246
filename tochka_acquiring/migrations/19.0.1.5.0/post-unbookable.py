# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.


def migrate(cr, _version):
    """ That a payment could not be booked is told of by its own moment now, and ends with it. """
    cr.execute("""
        UPDATE payment_transaction tx
           SET tochka_posting_failed_at = problem.since
          FROM tochka_problem problem
         WHERE problem.res_model = 'payment.transaction' AND problem.res_id = tx.id
           AND problem.code = 'unbookable' AND problem.over_at IS NULL
           AND tx.tochka_posting_failed_at IS NULL
    """)
