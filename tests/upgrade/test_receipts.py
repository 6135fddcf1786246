""" Receipts of the version before know what they are, and what they settle, after the upgrade. """

import psycopg2
import pytest

from tests.upgrade.conftest import ADDONS

pytestmark = pytest.mark.timeout(900)

LANDED = 'c472976'  # 19.0.1.3.0 and 19.0.0.5.0: what a receipt is lay in its links
MAKE_RECEIPTS = """
from datetime import date
from tests import paid_shop

payment = paid_shop.prepare(env)
payment.name = 'payment'

def copy(name, **values):
    return payment.copy({
        'name': name, 'settlement': name, 'state': 'done', 'next_try_at': False, **values})

def settle(name, **values):
    transaction = payment.transaction_id.copy({'reference': name})
    return copy(name, transaction_id=transaction.id,
                settlement=f'payment.transaction,{transaction.id}', **values)

def replace(wrong, name, **values):
    key = wrong.settlement
    wrong.write({'settlement': f'{key}#wrong-{wrong.id}', 'is_replaced': True})
    env.flush_all()
    common = {'wrong_id': wrong.id, 'transaction_id': wrong.transaction_id.id}
    for end in ('given up', 'printed'):
        reversal = copy(
            f'reversal of {name}, {end}', kind='income_return', correction_day=date(2026, 3, 1),
            **{**common, 'settlement': f'{key}#reversal-{wrong.id}'})
        right = copy(f'right {name}, {end}', after_id=reversal.id,
                     **{**common, 'settlement': key, **values})
        for one in reversal + right if end == 'given up' else right.browse():
            one.write({'settlement': f'{one.settlement}#void-{one.id}', 'state': 'void'})
            env.flush_all()

closes = {'prepayment_id': payment.id}
invoice = f'account.move,{payment.invoice_ids.id}'
closing = copy(
    'closing', settlement=f'{payment.settlement}/{invoice}', closed_document=invoice, **closes)
second = copy('second closing', settlement=f'{closing.settlement}#2', closed_document=invoice,
              **closes)
settle('return', kind='income_return', income_id=payment.id)
copy('reversal of closing', kind='income_return', wrong_id=closing.id,
     settlement=f'{closing.settlement}#reversal-{closing.id}')
closing.is_replaced = True
replace(settle('wrong'), 'payment')
replace(second, 'closing', closed_document=invoice, **closes)
settle('correction', correction_day=date(2026, 3, 1))
copy('correction of closing', correction_day=date(2026, 3, 1), closed_document='sale.order,8',
     **closes)
test = copy('test', is_test=True, transaction_id=False)
copy('return of test', is_test=True, kind='income_return', income_id=test.id,
     transaction_id=False)
env.cr.commit()
"""
# The receipt of each payment is found.
FIND = """
for name, found in (('first', 'payment'), ('return', 'return'), ('wrong', 'right payment, printed'),
                    ('correction', 'correction')):
    transaction = env['payment.transaction'].search([('reference', '=', name)])
    assert transaction._fiscal_receipt().name == found, transaction._fiscal_receipt()
"""
# By the name: the role, and which closing receipt of its document it is.
ROLES = {
    'payment': ('payment', None), 'closing': ('closing', 1), 'second closing': ('closing', 2),
    'return': ('return', None), 'reversal of closing': ('reversal', None),
    'wrong': ('payment', None), 'correction': ('correction', None),
    'correction of closing': ('correction', 1), 'test': ('test', None),
    'return of test': ('test', None),
    **{f'reversal of {name}, {end}': ('reversal', None)
       for name in ('payment', 'closing') for end in ('given up', 'printed')},
    **{f'right {name}, {end}': ('right', number)
       for name, number in (('payment', None), ('closing', 2)) for end in ('given up', 'printed')},
}
# What would be a second receipt of the same settlement; by the name of its like.
TWINS = {
    'payment': "transaction_id", 'return': "transaction_id", 'right payment, printed':
    "transaction_id", 'correction': "transaction_id",
    'right closing, printed': "transaction_id, prepayment_id, closed_document, closing_number",
    'correction of closing': "transaction_id, prepayment_id, closed_document, closing_number",
    'reversal of payment, printed': "transaction_id, wrong_id",
}


def test_receipts_of_each_role(shop, earlier, installed):
    landed = earlier(LANDED)
    shop.run('-i', ','.join(ADDONS), '--stop-after-init', addons=landed)
    shop.run('shell', addons=landed, script=MAKE_RECEIPTS)
    columns = "SELECT id, name, kind, state, total, prepayment_id, income_id, wrong_id"
    before = set(shop.query(f'{columns} FROM fiscal_receipt'))
    assert len(before) == len(ROLES)
    shop.run('-u', 'tochka_acquiring', '--stop-after-init', installed=installed)
    assert set(shop.query(f'{columns} FROM fiscal_receipt')) == before
    assert {name: (role, number) for name, role, number in shop.query(
        "SELECT name, role, closing_number FROM fiscal_receipt")} == ROLES
    assert shop.query(
        "SELECT column_name, is_nullable, column_default FROM information_schema.columns"
        " WHERE table_name = 'fiscal_receipt'"
        " AND column_name IN ('role', 'is_test', 'settlement')") == [('role', 'NO', None)]
    shop.run('shell', installed=installed, script=FIND)
    required = ', '.join(name for (name,) in shop.query(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'fiscal_receipt'"
        " AND is_nullable = 'NO' AND column_name != 'id'"))
    for name, links in TWINS.items():
        names = f'{required}, {links}'
        with pytest.raises(psycopg2.errors.UniqueViolation):
            shop.query(f'INSERT INTO fiscal_receipt ({names}) SELECT {names} FROM fiscal_receipt'
                       " WHERE name = %s", name)
    # A copy that settles something else is none.
    shop.query(f'INSERT INTO fiscal_receipt ({required}) SELECT {required} FROM fiscal_receipt')
