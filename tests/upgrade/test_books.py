""" What waits to be booked in the version before is booked after the upgrade, and told of no more.
"""

import pytest

from tests.upgrade.conftest import ADDONS

pytestmark = pytest.mark.timeout(900)

LANDED = 'e64f205'  # 19.0.1.4.0 and 19.0.0.7.0
MAKE_PAYMENTS = """
from tests import paid_shop

paid_shop.prepare(env)
first = env['payment.transaction'].search([('reference', '=', 'first')])
first = first.with_context(allowed_company_ids=first.company_id.ids)
for name in ('stuck', 'returned'):
    payment = first.create({
        'provider_id': first.provider_id.id, 'amount': 100.0, 'reference': name,
        'payment_method_id': first.payment_method_id.id, 'currency_id': first.currency_id.id,
        'partner_id': first.partner_id.id, 'operation': 'online_redirect',
        'tochka_merchant_id': first.tochka_merchant_id.id, 'tochka_operation_id': name,
        'tochka_payment_link_id': name, 'tochka_status': 'APPROVED'})
    payment._set_done()
    if name == 'stuck':
        payment._tochka_flag('unbookable', error="A lock date")
    else:
        payment._post_process()
        for state in ('requested', 'rejected'):
            env['tochka.refund']._create_for(payment, 10.0, state=state)
env.cr.commit()
"""
BOOK = """
stuck = env['payment.transaction'].search([('reference', '=', 'stuck')])
assert stuck.tochka_problem_ids.mapped('code') == ['unbookable'], stuck.tochka_problem_ids
stuck._post_process()
env.cr.commit()
assert stuck.payment_id and not stuck.tochka_problem_ids, stuck.tochka_problem_ids
"""
GOING_BACK = "SELECT state, amount_going_back::text FROM tochka_refund ORDER BY state"


def test_what_waits_to_be_booked(shop, earlier, installed):
    landed = earlier(LANDED)
    shop.run('-i', ','.join(ADDONS), '--stop-after-init', addons=landed)
    shop.run('shell', addons=landed, script=MAKE_PAYMENTS)
    shop.run('-u', 'tochka_acquiring', '--stop-after-init', installed=installed)
    shop.run('shell', installed=installed, script=BOOK)
    assert shop.query(GOING_BACK) == [('rejected', '0.00'), ('requested', '10.00')]
