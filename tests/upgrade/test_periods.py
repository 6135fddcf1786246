""" A shop of before there were periods: what was set there holds for all days until a change is
planned, and is then the first period.
"""

import pytest

from tests.upgrade.conftest import ADDONS

pytestmark = pytest.mark.timeout(900)

LANDED = 'c472976'  # 19.0.1.3.0 and 19.0.0.5.0: `fiscal_vat` had no days
# Two shops with rates of their own, taxes, one as guessed and two as chosen, a link that is open
# with its receipt, receipts that wait for their register, one that has failed, a prepayment.
MAKE_SHOP = """
from datetime import timedelta
from odoo import fields
from tests import paid_shop

done = paid_shop.prepare(env)
done.name = 'done'
first = done.transaction_id
provider = first.provider_id
provider.write({'name': 'School', 'fiscal_taxation_system': 'usn_income', 'fiscal_vat': 'none'})
provider.copy({'name': 'Shop'}).write({
    'fiscal_taxation_system': 'osn', 'fiscal_vat': 'vat10', 'fiscalization': 'other',
    'fiscal_register_id': provider.fiscal_register_id.id, 'fiscal_method': provider.fiscal_method,
    'fiscal_subject': provider.fiscal_subject})
sold = env['account.tax'].search([
    ('type_tax_use', '=', 'sale'), ('company_id', '=', provider.company_id.id)], limit=1)
for name, amount, vat in (('Guessed', 10, None), ('Chosen', 0, 'none'), ('Odd', 13, 'vat22')):
    tax = sold.copy({'name': name, 'amount': amount})
    if vat:
        tax.fiscal_vat = vat

def settle(name, state, **values):
    transaction = first.copy({
        'reference': name, 'tochka_operation_id': name, 'tochka_payment_link_id': name,
        'invoice_ids': [(6, 0, first.invoice_ids.ids)]})
    transaction.provider_reference = name
    receipt = done.copy({
        'name': name, 'state': state, 'next_try_at': False, 'transaction_id': transaction.id,
        'settlement': f'payment.transaction,{transaction.id}', 'paid_at': done.paid_at, **values})
    for line in done.line_ids:
        line.copy({'receipt_id': receipt.id})
    return transaction, receipt

now = fields.Datetime.now()
link, _receipt = settle('link', 'waiting')
env.flush_all()
env.cr.execute("UPDATE payment_transaction SET state = 'draft', payment_id = NULL,"
               " tochka_link_expires_at = %s WHERE id = %s", (now + timedelta(days=90), link.id))
settle('queued', 'queued', next_try_at=now + timedelta(days=1))
settle('failed', 'failed')
_transaction, prepayment = settle('prepaid', 'done')
prepayment.line_ids.fiscal_method = 'full_prepayment'
env.cr.commit()
"""
KEPT = (
    "SELECT name->>'en_US', fiscalization, fiscal_taxation_system, fiscal_vat, fiscal_method,"
    " fiscal_subject, fiscal_register_id FROM payment_provider WHERE code = 'tochka'",
    "SELECT name->>'en_US', fiscal_vat, fiscal_vat_confirmed FROM account_tax"
    " WHERE type_tax_use = 'sale'",
    "SELECT reference, state, amount, tochka_operation_id, tochka_payment_link_id,"
    " tochka_link_expires_at FROM payment_transaction",
    "SELECT id, name, state, kind, taxation_system, total, contact, paid_at, next_try_at,"
    " register_id, transaction_id, payments::text FROM fiscal_receipt",
    "SELECT receipt_id, name, price, quantity, total, vat, fiscal_method, fiscal_subject"
    " FROM fiscal_receipt_line",
)
# What nobody has changed has no periods, and holds on every day.
SETTLED = """
from datetime import date
assert not env['fiscal.period'].search([])
for day in (date(2020, 1, 1), date(2026, 1, 1), date(2035, 1, 1)):
    for name, system, vat in (('School', 'usn_income', 'none'), ('Shop', 'osn', 'vat10')):
        provider = env['payment.provider'].search([('name', '=', name)])
        assert (provider._fiscal_taxation_on(day), provider._fiscal_vat_on(day)) == (system, vat)
    for name, vat in (('Guessed', 'vat10'), ('Chosen', 'none'), ('Odd', 'vat22')):
        assert env['account.tax'].search([('name', '=', name)])._fiscal_vat_on(day) == vat
"""
# The first change that is ever planned, in the school alone.
PLAN = """
from odoo.fields import Command
company = env['payment.provider'].search([('name', '=', 'School')]).company_id
env = env(context={**env.context, 'allowed_company_ids': company.ids})
school, shop = (env['payment.provider'].search([('name', '=', name)])
                for name in ('School', 'Shop'))
chosen = env['account.tax'].search([('name', '=', 'Chosen')])
wizard = env['fiscal.change'].create({
    'company_id': company.id, 'taxation_system': 'usn_income', 'vat': 'vat5',
    'provider_ids': [Command.set(school.ids)], 'tax_ids': [Command.set(chosen.ids)]})
# What waits is told before anything is changed.
assert '1 payment links' in wizard.touched, wizard.touched
assert '1 prepayments' in wizard.touched, wizard.touched
wizard.action_apply()
day = wizard.date_from

def rows(record):
    return [(str(one.date_from), one.taxation_system, one.vat)
            for one in record.fiscal_period_ids.sorted('date_from')]

assert rows(school) == [
    ('2000-01-01', 'usn_income', 'none'), (str(day), 'usn_income', 'vat5')], rows(school)
assert rows(chosen) == [('2000-01-01', False, 'none'), (str(day), False, 'vat5')], rows(chosen)
assert not shop.fiscal_period_ids
assert (school.fiscal_vat, chosen.fiscal_vat) == ('none', 'none')

# A receipt of before says the same when it is built again, even after the day.
failed = env['fiscal.receipt'].search([('name', '=', 'failed')])
before = [(line.name, line.total, line.vat) for line in failed.line_ids]
from freezegun import freeze_time
with freeze_time(f'{day} 09:00:00'):
    env['fiscal.period']._cron_fiscal_period()
    assert (school.fiscal_vat, chosen.fiscal_vat) == ('vat5', 'vat5')
    failed.action_retry()
    assert failed.taxation_system == 'usn_income'
    assert [(line.name, line.total, line.vat) for line in failed.line_ids] == before, before
"""


def _rows(shop):
    return [sorted(shop.query(statement), key=repr) for statement in KEPT]


def test_what_was_set_is_the_first_period(shop, earlier, installed):
    landed = earlier(LANDED)
    shop.run('-i', ','.join(ADDONS), '--stop-after-init', addons=landed)
    shop.run('shell', addons=landed, script=MAKE_SHOP)
    assert not shop.query("SELECT FROM pg_class WHERE relname = 'fiscal_period'")
    before = _rows(shop)
    assert {row[1:3] for row in before[3]} == {
        (name, state) for name, state in (
            ('done', 'done'), ('link', 'waiting'), ('queued', 'queued'), ('failed', 'failed'),
            ('prepaid', 'done'))}
    # Upgraded twice, as by somebody who is not sure.
    for _time in range(2):
        shop.run('-u', 'tochka_acquiring', '--stop-after-init', installed=installed)
        assert _rows(shop) == before
    shop.run('shell', installed=installed, script=SETTLED + PLAN)
