# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import SUPERUSER_ID, api


def migrate(cr, _version):
    """ What receipts say: rows of before in the form of now. """
    # A credit is given without money: no payment is a receipt of the methods 5 and 6.
    cr.execute("""
        UPDATE payment_provider SET fiscal_method = 'auto'
         WHERE fiscal_method IN ('partial_payment', 'credit')
    """)
    cr.execute("""
        UPDATE product_category SET fiscal_method = NULL
         WHERE fiscal_method IN ('partial_payment', 'credit')
    """)
    # One line for several invoices, by the provider's text: it had none, and was never closed.
    cr.execute("""
        UPDATE fiscal_receipt_line line
           SET source = (SELECT string_agg(key, ' ' ORDER BY key)
                           FROM jsonb_object_keys(receipt.basis) AS key)
          FROM fiscal_receipt receipt
          JOIN payment_transaction tx ON tx.id = receipt.transaction_id
          JOIN payment_provider provider ON provider.id = tx.provider_id
         WHERE line.receipt_id = receipt.id AND COALESCE(line.source, '') = ''
           AND line.fiscal_method IN ('full_prepayment', 'prepayment')
           AND provider.tochka_details_mode = 'template'
           AND receipt.basis IS NOT NULL AND receipt.basis != 'null' AND receipt.basis != '{}'
           AND receipt.prepayment_id IS NULL
    """)
    # Money that was left over names its documents, too: the same order may have needed it since,
    # and that has never closed it.
    cr.execute("""
        UPDATE fiscal_receipt_line line
           SET source = (SELECT string_agg(key, ' ' ORDER BY key)
                           FROM jsonb_object_keys(receipt.basis) AS key)
          FROM fiscal_receipt receipt
         WHERE line.receipt_id = receipt.id AND COALESCE(line.source, '') = ''
           AND line.fiscal_method = 'advance' AND line.fiscal_subject = 'payment'
           AND line.name IN ('Аванс', 'Advance payment')
           AND receipt.basis IS NOT NULL AND receipt.basis != 'null' AND receipt.basis != '{}'
           AND receipt.kind = 'income' AND receipt.prepayment_id IS NULL
    """)
    # A look costs next to nothing now.
    cr.execute("""
        UPDATE ir_cron SET interval_number = 5
          FROM ir_model_data data
         WHERE data.module = 'tochka_fiscal' AND data.name = 'cron_closing'
           AND data.res_id = ir_cron.id AND ir_cron.interval_type = 'minutes'
           AND ir_cron.interval_number = 15
    """)
    # Nobody is thanked for a payment of weeks ago. The template is the users' own.
    cr.execute(r"""
        UPDATE mail_template template
           SET body_html = (
               SELECT jsonb_object_agg(key, regexp_replace(
                   replace(value, %(thanks)s, %(thanks_for_money)s), %(paid_row)s,
                   '<tr t-if="not object.prepayment_id">\1'))
                 FROM jsonb_each_text(template.body_html))
          FROM ir_model_data data
         WHERE data.module = 'tochka_fiscal' AND data.name = 'mail_template_receipt'
           AND data.res_id = template.id AND template.body_html IS NOT NULL
    """, {
        'thanks': """<p t-if="object.kind == 'income'">""",
        'thanks_for_money': """<p t-if="object.kind == 'income' and not object.prepayment_id">""",
        'paid_row': r'<tr>(\s*<td[^>]*>[^<]*</td>\s*<td t-out="format_datetime\(object\.paid_at)',
    })
    env = api.Environment(cr, SUPERUSER_ID, {})
    # A tax of 0 % with the name "без НДС" was guessed to be a rate of 0 %.
    taxes = env['account.tax'].with_context(active_test=False).search([
        ('amount', '=', 0), ('type_tax_use', '=', 'sale'), ('fiscal_vat_confirmed', '=', False)])
    env.add_to_compute(taxes._fields['fiscal_vat'], taxes)
    env.flush_all()
