""" Somebody who returns money, by the calls that the windows of Odoo make. """

import contextlib
import http.client
import time
import xmlrpc.client

import requests

from tests.served import Stack

PASSWORD = 'a password'
WIZARD = 'payment.refund.wizard'
REFUSAL = 2  # Odoo's code of a sentence for the user. Any other one says: try again.
GONE_AFTER = 0.05  # Seconds after which a hasty clerk closes the window.


class Clerk:
    """ A user with the right to return money, in a thread of its own.

    :param Shop shop: Where the clerk works.
    :param str login: The login, created here.
    """

    def __init__(self, shop, login):
        self._shop = shop
        stack = shop.stack
        groups = [stack.call('ir.model.data', 'check_object_reference', *name.split('.'))[1]
                  for name in ('account.group_account_invoice', 'tochka_acquiring.group_refund')]
        [company] = stack.read('res.company', [('vat', '!=', False)], ['id'])
        stack.call('res.users', 'create', {
            'name': login, 'login': login, 'password': PASSWORD, 'company_id': company['id'],
            'company_ids': [[6, 0, [company['id']]]], 'group_ids': [[6, 0, groups]],
        }, context={'no_reset_password': True})
        self._client = Stack(
            stack.odoo_url, stack.sandbox_url, stack.name, login=login, password=PASSWORD)

    def ask(self, payment, kopecks, replay=False, leave=False):
        """ Return money by the window of the payment; look what became of it when Odoo dies.

        :param dict payment: What `RefundShop.payments` holds.
        :param int kopecks: The amount.
        :param bool replay: Whether the request comes twice, as when its answer was lost.
        :param bool leave: Whether nobody waits for the first answer.
        :return: Whether Odoo has taken it.
        :rtype: bool
        """
        while not self._shop.ended.is_set():
            try:
                window = self._client.call(WIZARD, 'create', {'amount_to_refund': kopecks / 100},
                                           context={'active_id': payment['payment_id']})
                if leave:
                    self._press_and_leave(window)
                self._client.call(WIZARD, 'action_refund', [window])
                if replay:
                    self._client.call(WIZARD, 'action_refund', [window])
                return True
            except xmlrpc.client.Fault as fault:
                if fault.faultCode == REFUSAL:
                    return leave and self._has(payment, kopecks)
                self._shop.last_error = fault.faultString[-2000:]
            except (OSError, http.client.HTTPException):
                # Odoo was killed. After the start the clerk looks before asking again.
                if self._has(payment, kopecks):
                    return True
            time.sleep(0.1)
        return False

    def decide(self, refund_id, button):
        """ Press a button of a refund.

        :param str button: The method.
        :return: Whether Odoo has done it; None when somebody else is at it.
        :rtype: bool|None
        """
        try:
            self._client.call('tochka.refund', button, [refund_id])
        except xmlrpc.client.Fault as fault:
            if fault.faultCode == REFUSAL:
                return False
            self._shop.last_error = fault.faultString[-2000:]
            return None
        return True

    def left_of(self, payment):
        """ Return what the window offers. :return: Kopecks. """
        while not self._shop.ended.is_set():
            try:
                [values] = self._client.call('account.payment', 'read', [payment['payment_id']],
                                             fields=['amount_available_for_refund'])
                return round(values['amount_available_for_refund'] * 100)
            except (OSError, http.client.HTTPException, xmlrpc.client.Fault) as error:
                self._shop.last_error = str(error)[-2000:]
            time.sleep(0.1)
        return 0

    def _has(self, payment, kopecks):
        """ Look whether a refund of this amount is in the list of the payment. """
        return bool(self._shop.sql(
            'SELECT 1 FROM tochka_refund WHERE source_transaction_id = %s AND amount = %s'
            " AND state NOT IN ('cancelled', 'rejected')", payment['id'], kopecks / 100))

    def _press_and_leave(self, window):
        body = xmlrpc.client.dumps((
            self._client.name, self._client.uid, PASSWORD, WIZARD, 'action_refund', [[window]],
        ), 'execute_kw')
        with contextlib.suppress(requests.ReadTimeout):
            requests.post(f'{self._client.odoo_url}/xmlrpc/2/object', data=body.encode(),
                          headers={'Content-Type': 'text/xml'}, timeout=(5, GONE_AFTER))
