""" Refunds of the version before, in each state, become `tochka.refund`, and nothing is lost. """

import pytest

from tests.upgrade.conftest import ADDONS

pytestmark = pytest.mark.timeout(900)

LANDED = 'c472976'  # 19.0.1.3.0 and 19.0.0.5.0: a refund was a transaction with two states
MAKE_REFUNDS = """
from datetime import datetime, timezone
from decimal import Decimal
from odoo.addons.tochka_acquiring.api.operation import Order
from odoo.fields import Datetime
from tests import paid_shop

first = paid_shop.prepare(env).transaction_id
first = first.with_context(allowed_company_ids=first.company_id.ids)

def ask(name):
    payment = first.create({
        'provider_id': first.provider_id.id, 'amount': 100.0, 'reference': name,
        'payment_method_id': first.payment_method_id.id, 'currency_id': first.currency_id.id,
        'partner_id': first.partner_id.id, 'operation': 'online_redirect',
        'tochka_merchant_id': first.tochka_merchant_id.id, 'tochka_operation_id': name,
        'tochka_payment_link_id': name, 'tochka_status': 'APPROVED'})
    payment._set_done()
    payment._post_process()
    payment.fiscal_receipt_ids.write({'state': 'done', 'next_try_at': False})
    refund = payment._create_child_transaction(10.0, is_refund=True)
    refund._tochka_request_refund()
    return refund

requested = ask('requested')
printed = requested.source_transaction_id.fiscal_receipt_ids
requested.fiscal_picked = {str(printed.line_ids.id): 1000}
for state in ('sending', 'unknown', 'sent'):
    refund = ask(state)
    refund.write({'tochka_refund_state': state, 'tochka_refund_sent_at': Datetime.now()})
    refund._set_pending()
done = ask('done')
done._tochka_confirm_refund('order-done', Order(
    'order-done', 'refund', Decimal('10.00'), datetime(2026, 3, 1, 9, tzinfo=timezone.utc)))
done._post_process()
nameless = ask('nameless')
nameless._tochka_confirm_refund('nameless#1', Order(None, 'refund', Decimal('10.00'), None))
nameless._post_process()
by_hand = ask('by_hand')
by_hand._tochka_reject_refund("No money on the account")
by_hand.source_transaction_id._tochka_record_refund(
    10.0, datetime(2026, 3, 2, 9), env['account.move'])
ask('rejected')._tochka_reject_refund("No money on the account")
ask('cancelled').action_tochka_refund_cancel()
env.cr.commit()
"""
REFUNDS = """
    SELECT source.reference, refund.name, refund.state, refund.amount::text, child.reference,
           child.state, child.payment_id IS NOT NULL, refund.next_at IS NOT NULL,
           refund.sent_at IS NOT NULL, refund.order_id, refund.returned_at::text,
           source.tochka_refunded::text, refund.company_id = source.company_id
      FROM tochka_refund refund
      JOIN payment_transaction source ON source.id = refund.source_transaction_id
      JOIN payment_transaction child ON child.id = refund.transaction_id
"""
RECEIPTS = """
    SELECT source.reference, receipt.state, receipt.total::text FROM fiscal_receipt receipt
      JOIN payment_transaction tx ON tx.id = receipt.transaction_id
      JOIN payment_transaction source ON source.id = tx.source_transaction_id
     WHERE receipt.kind = 'income_return'
"""
LIST_IT = """
from decimal import Decimal
from odoo.addons.tochka_acquiring.api.operation import Operation, Order

for name in ('requested', 'unknown', 'sent', 'sending', 'rejected', 'cancelled', 'by_hand'):
    payment = env['payment.transaction'].search([('reference', '=', name)])
    payment._tochka_apply_refunds(Operation(
        name, 'REFUNDED_PARTIALLY', Decimal('100.00'),
        orders=(Order(f'order-{name}', 'refund', Decimal('10.00'), None),)))
    payment.tochka_refund_ids.transaction_id._post_process()
done = env['payment.transaction'].search([('reference', '=', 'done')])
assert not any(done._tochka_compare_refunds(Operation(
    'done', 'REFUNDED_PARTIALLY', Decimal('100.00'),
    orders=(Order('order-done', 'refund', Decimal('10.00'), None),))))
picked = env['tochka.refund'].search([('name', '=', 'R-requested')]).fiscal_picked
assert list(picked.values()) == [1000], picked
env.cr.commit()
"""


def test_refunds_in_each_state(shop, earlier, installed):
    landed = earlier(LANDED)
    shop.run('-i', ','.join(ADDONS), '--stop-after-init', addons=landed)
    shop.run('shell', addons=landed, script=MAKE_REFUNDS)
    before = dict(shop.query(
        "SELECT reference, id FROM payment_transaction WHERE operation = 'refund'"))
    assert len(before) == 9
    shop.run('-u', 'tochka_acquiring', '--stop-after-init', installed=installed)

    rows = {row[0]: row[1:] for row in shop.query(REFUNDS)}
    in_work = {'requested', 'sending', 'unknown', 'sent'}
    booked = {'done', 'nameless', 'by_hand'}
    assert set(rows) == in_work | booked | {'rejected', 'cancelled'}
    for name, (refund, state, amount, child, child_state, paid, planned, sent, order, returned,
               sum_of, same_company) in rows.items():
        assert (refund, child) == (f'R-{name}', f'R-{name}'), "Its reference stays"
        assert state == ('done' if name == 'nameless' else name)
        assert (float(amount), same_company) == (10.0, True)
        assert (child_state, paid) == (('done', True) if name in booked else ('cancel', False))
        assert planned == (name in in_work or name == 'by_hand')
        assert sent or name not in ('sending', 'unknown', 'sent')
        assert order == ('order-done' if name == 'done' else None)
        assert bool(returned) == (name in booked)
        assert float(sum_of or 0) == (0 if name in ('rejected', 'cancelled') else 10.0)
    assert rows['by_hand'][9] == '2026-03-02 09:00:00'
    receipts = {name: state for name, state, _total in shop.query(RECEIPTS)}
    assert receipts == {
        **dict.fromkeys(in_work | {'rejected', 'cancelled'}, 'void'),
        **dict.fromkeys(booked, 'queued')}
    assert not shop.query(
        "SELECT column_name FROM information_schema.columns WHERE table_name ="
        " 'payment_transaction' AND column_name = ANY(%s)", [
            'tochka_refund_state', 'tochka_order_id', 'tochka_refund_next_at',
            'tochka_refund_tries', 'tochka_refund_sent_at', 'tochka_refund_serial'])

    # What the bank lists afterwards is the same transaction, payment and receipt, once.
    shop.run('shell', installed=installed, script=LIST_IT)
    rows = {row[0]: row[1:] for row in shop.query(REFUNDS)}
    assert {row[1] for row in rows.values()} == {'done'}
    assert {(row[4], row[5]) for row in rows.values()} == {('done', True)}
    assert dict(shop.query(
        "SELECT reference, id FROM payment_transaction WHERE operation = 'refund'")) == before
    receipts = shop.query(RECEIPTS)
    assert len(receipts) == len(rows)
    assert {(state, float(total)) for _name, state, total in receipts} == {('queued', 10.0)}
