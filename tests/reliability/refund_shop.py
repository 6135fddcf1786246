""" Payments that are returned by everybody at once, and what people do about it. """

import time
import urllib.error
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from tests.reliability.clerk import Clerk
from tests.reliability.shop import Shop

BATCH = 23
PAIRS = 'ABC'
SETTLE_MINUTES = 15  # `const.REFUND_SETTLE_MINUTES`, for which no request needs longer than:
SETTLE_SECONDS = 2
NIGHT_SECONDS = 8

JOB = "env['payment.transaction'].sudo()._cron_tochka_refund()"
NIGHT = "env['payment.transaction'].sudo()._cron_tochka_refund_sweep()"
COMPARE = "env['payment.transaction'].sudo()._cron_tochka_sweep()"
BOOK = "env['payment.transaction'].sudo()._cron_post_process()"
INVOICE = """
invoices = env['account.move'].create(env.context['invoices'])
invoices.action_post()
for invoice in invoices:
    transaction = env['payment.transaction'].sudo().create({
        **env.context['customer'], 'amount': invoice.amount_total, 'landing_route': '/my',
        'operation': 'online_redirect', 'invoice_ids': [(6, 0, invoice.ids)]})
    transaction._tochka_ensure_payment_link()
"""
PAYMENTS = """
SELECT t.id, t.tochka_operation_id, t.payment_id, t.amount * 100 FROM payment_transaction t
JOIN fiscal_receipt r ON r.transaction_id = t.id AND r.state = 'done'
WHERE t.operation = 'online_redirect' AND t.state = 'done' AND t.payment_id IS NOT NULL
ORDER BY t.amount
"""
HURRY = """
UPDATE tochka_refund SET next_at = now() AT TIME ZONE 'UTC' WHERE id IN (
    SELECT id FROM tochka_refund WHERE id IN (
        SELECT DISTINCT ON (source_transaction_id) id FROM tochka_refund
        WHERE state IN ('requested', 'sending', 'unknown', 'sent')
        ORDER BY source_transaction_id, state = 'requested', id
    ) AND next_at > now() AT TIME ZONE 'UTC' FOR NO KEY UPDATE SKIP LOCKED)
"""
SETTLE = f"""
UPDATE tochka_refund
SET sent_at = sent_at - interval '{SETTLE_MINUTES} minutes'
WHERE id IN (
    SELECT id FROM tochka_refund WHERE state IN ('sending', 'unknown', 'sent')
    AND now() AT TIME ZONE 'UTC' - sent_at
        BETWEEN interval '{SETTLE_SECONDS} seconds' AND interval '{SETTLE_MINUTES} minutes'
    FOR NO KEY UPDATE SKIP LOCKED)
"""
STATES = """
SELECT CASE WHEN r.state = 'done' AND t.payment_id IS NULL THEN 'not booked'
            ELSE r.state END, count(*)
FROM tochka_refund r LEFT JOIN payment_transaction t ON t.id = r.transaction_id GROUP BY 1
UNION ALL
SELECT 'receipt ' || CASE WHEN state = 'accepted' AND NOT EXISTS (
           SELECT FROM fiscal_attempt WHERE receipt_id = fiscal_receipt.id AND task IS NOT NULL)
       THEN 'silent' ELSE state END, count(*)
FROM fiscal_receipt WHERE state NOT IN ('done', 'void') GROUP BY 1
"""
ASKED_ABOUT = """
SELECT r.id, r.amount * 100, t.id, t.tochka_operation_id
FROM tochka_refund r JOIN payment_transaction t ON t.id = r.source_transaction_id
JOIN tochka_problem p ON p.res_model = 'tochka.refund' AND p.res_id = r.id
     AND p.closed_at IS NULL AND p.code = 'refund_unknown'
WHERE r.state = 'unknown' AND now() AT TIME ZONE 'UTC' - r.sent_at > %s * interval '1 minute'
"""
REFUSED = """
SELECT r.id, r.amount * 100, t.tochka_operation_id
FROM tochka_refund r JOIN payment_transaction t ON t.id = r.source_transaction_id
WHERE r.state = 'rejected'
"""


class RefundShop(Shop):
    """ A shop whose payers get their money back.

    :param Stack stack: The running stack.
    :param list[int] amounts: Kopecks of the payments, no two the same.
    """

    def __init__(self, stack, amounts):
        super().__init__(stack)
        stack.control('webhooks', {'drop': True})  # The bank tells of no refund anyway.
        self.job = self.create_action('payment.transaction', JOB)
        self.book = self.create_action('payment.transaction', BOOK)
        self.night = self.create_action('payment.transaction', NIGHT)
        self.pairs = [[Clerk(self, f'clerk {name}{number}') for number in (1, 2)]
                      for name in PAIRS]
        self.accountant = Clerk(self, 'who decides')
        # What was taken by Odoo or the bank and not given up: (operation, kopecks) -> how often.
        self.taken = Counter()
        self.counts = Counter()
        self.next_night = 0
        self.payments = self._receive(amounts)
        self.by_operation = {payment['operation']: payment for payment in self.payments}

    # === PAYMENTS === #

    def _receive(self, amounts):
        """ Let payers pay invoices. :return: Booked payments with printed receipts. """
        action = self.create_action('payment.transaction', INVOICE)
        customer = self.customer()
        invoices = [{
            'move_type': 'out_invoice', 'partner_id': customer['partner_id'],
            'invoice_date': time.strftime('%Y-%m-%d'), 'invoice_line_ids': [
                [0, 0, {'name': 'Занятия', 'quantity': 1, 'price_unit': amount / 100}]],
        } for amount in amounts]
        with ThreadPoolExecutor(2) as pool:
            for first in range(0, len(invoices), BATCH):
                pool.submit(self.insist, action, customer=customer,
                            invoices=invoices[first:first + BATCH])
        for operation in self.stack.control('operations'):
            self.stack.control(f'pay/{operation["operationId"]}', {'method': 'card'})
        self.insist(self.create_action('payment.transaction', COMPARE))
        self.insist(self.book)
        until = time.monotonic() + 120
        while len(rows := self.sql(PAYMENTS)) < len(amounts) and time.monotonic() < until:
            for lane in self.lanes:
                self.insist(lane)
            self.help_receipts(self.receipts())
            time.sleep(0.5)
        assert [int(row[3]) for row in rows] == sorted(amounts), self.last_error
        return [{'id': row[0], 'operation': row[1], 'payment_id': row[2], 'paid': int(row[3])}
                for row in rows]

    def receipts(self):
        """ Return the transactions that have a receipt. """
        return [row[0] for row in self.sql('SELECT transaction_id FROM fiscal_receipt')]

    # === WHO RETURNS MONEY === #

    def ask(self, clerk, payment, kopecks, **how):
        """ Let a clerk ask for a refund. """
        if clerk.ask(payment, kopecks, **how):
            self.taken[payment['operation'], kopecks] += 1
        else:
            self.counts['refused to a clerk'] += 1

    def ask_together(self, pool, clerks, payment, asks):
        """ Let clerks ask at the same moment.

        :param list[tuple] asks: Kopecks and options of `Clerk.ask`, for each clerk.
        """
        futures = [pool.submit(self.ask, clerk, payment, kopecks, **how)
                   for clerk, (kopecks, how) in zip(clerks, asks, strict=False)]
        for future in futures:
            future.result()

    def return_in_the_internet_bank(self, payment, kopecks):
        """ Return money in the internet bank, a moment later; less, if it is too much by now. """
        self.ended.wait(self.random.random() / 3)
        for amount in (kopecks, kopecks // 5):
            try:
                self.stack.control(f'refund/{payment["operation"]}', {'amount': amount / 100})
            except urllib.error.HTTPError:
                self.counts['refused in the internet bank'] += 1
                continue
            self.taken[payment['operation'], amount] += 1
            self.counts['internet bank'] += 1
            return

    def ask_for_rest(self, clerk, payment, leave=False):
        """ Return what is left of a payment. :return: Whether something was left. """
        left = clerk.left_of(payment)
        if left:
            self.ask(clerk, payment, left, leave=leave)
        return bool(left)

    # === WHAT HOURS AND PEOPLE DO === #

    def states(self):
        return Counter(dict(self.sql(STATES)))

    def is_quiet(self, states):
        """ Return whether nothing is on its way. """
        return set(states) <= {'done', 'cancelled'}

    def help(self, states):
        self.sql(SETTLE)
        self.sql(HURRY)
        self.help_receipts(self.receipts())
        if states['receipt silent']:
            self.send_callbacks()
        if time.monotonic() > self.next_night:
            self.insist(self.night)
            self.next_night = time.monotonic() + NIGHT_SECONDS
        self._answer_questions()
        self._answer_refusals()

    def _answer_questions(self):
        """ A person looks into the internet bank, as Odoo has asked. """
        history = {operation['operationId']: [
            order['orderId'] for order in operation['Order'] if order['type'] == 'refund']
            for operation in self.stack.control('operations')}
        for refund, kopecks, payment_id, operation in self.sql(ASKED_ABOUT, SETTLE_MINUTES):
            booked = {row[0] for row in self.sql(
                'SELECT order_id FROM tochka_refund WHERE source_transaction_id = %s', payment_id)}
            if set(history[operation]) - booked:
                continue  # It may be there: Odoo finds it by itself.
            if self.counts['sent again'] <= 2 * self.counts['given up']:
                again = self.accountant.decide(refund, 'action_send_again')
                self.counts['sent again'] += bool(again)
                if again is False:  # The internet bank has returned what would be left for it.
                    self._give_up(refund, operation, int(kopecks))
            elif self._give_up(refund, operation, int(kopecks)):
                self.ask(self.accountant, self.by_operation[operation], int(kopecks))

    def _answer_refusals(self):
        """ What the bank has refused is asked for again, if it is not more than is left. """
        for refund, kopecks, operation in self.sql(REFUSED):
            again = self.accountant.decide(refund, 'action_send_again')
            self.counts['refused by the bank'] += bool(again)
            if again is False:
                self._give_up(refund, operation, int(kopecks))

    def _give_up(self, refund, operation, kopecks):
        done = self.accountant.decide(refund, 'action_give_up')
        if done:
            self.taken[operation, kopecks] -= 1
            self.counts['given up'] += 1
        return done

    def describe(self):
        return '\n'.join(map(str, [self.states(), self.counts, self.last_error, *self.sql(
            'SELECT name, amount, state, next_at, sent_at, tries, failure FROM tochka_refund'
            " WHERE state NOT IN ('done', 'cancelled') ORDER BY id LIMIT 30"), *self.sql(
            'SELECT name, state, kind, problem FROM fiscal_receipt'
            " WHERE state NOT IN ('done', 'void') LIMIT 10")]))
