# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import urllib.parse

from werkzeug.exceptions import NotFound

from odoo import http
from odoo.http import request

from odoo.addons.payment import utils as payment_utils
from odoo.addons.payment.controllers.post_processing import PaymentPostProcessing
from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.utils import as_text, is_local_route


class TochkaReturnController(http.Controller):

    @http.route(
        const.RETURN_ROUTE, type='http', auth='public', methods=['GET'], website=True,
        sitemap=False,
    )
    def tochka_return(self, reference='', access_token='', failed=None, **_kwargs):
        """ Receive the payer back from the bank's page.

        The address proves nothing but which transaction it is about; the bank is asked. A
        transaction that is being worked on by somebody else is no error: the status page waits.

        :param str reference: The transaction's reference.
        :param str access_token: Proof that Odoo made this address.
        :param str failed: Set when the bank says that the attempt was declined.
        :return: A redirection to the status page, or the page "not paid, try again".
        :raise NotFound: If the address was not made by Odoo.
        """
        transaction = self._tochka_find_transaction(reference, access_token)
        # The session knows one transaction only, that of the last tab; or none in another browser.
        PaymentPostProcessing.monitor_transaction(transaction)
        outcome = transaction._tochka_refresh_for_payer(may_wait=False)
        # That nothing was taken is only said on the bank's own word.
        if failed and outcome == 'applied':
            query = urllib.parse.urlencode({'reference': reference, 'access_token': access_token})
            return request.redirect(f'{const.DECLINED_ROUTE}?{query}')
        return request.redirect('/payment/status')

    @http.route(
        const.DECLINED_ROUTE, type='http', auth='public', methods=['GET'], website=True,
        sitemap=False,
    )
    def tochka_declined(self, reference='', access_token='', **_kwargs):
        """ Show that nothing was taken, and offer to try again by the same link.

        :raise NotFound: If the address was not made by Odoo.
        """
        transaction = self._tochka_find_transaction(reference, access_token)
        if transaction.state != 'draft':
            return request.redirect('/payment/status')
        return request.render('tochka_acquiring.payment_declined', {
            'tx': transaction,
            'payment_link': transaction._tochka_offer_link(),
        })

    @staticmethod
    def _tochka_find_transaction(reference, access_token):
        """ Return the transaction of an address that Odoo has made.

        :rtype: payment.transaction
        :raise NotFound: If the address was not made by Odoo.
        """
        transaction = request.env['payment.transaction'].sudo()
        reference, access_token = as_text(reference), as_text(access_token)
        if access_token.isascii() and payment_utils.check_access_token(
            access_token, const.RETURN_ROUTE, reference
        ):
            transaction = transaction.search([
                ('reference', '=', reference), ('provider_code', '=', 'tochka'),
            ])
        # The status page leads to the landing route, which the browser of whoever began the payment
        # has sent: in another session it must not lead out of Odoo or run a script.
        if not transaction or not is_local_route(transaction.landing_route):
            raise NotFound()  # Don't leak which references exist.
        return transaction


class TochkaPostProcessing(PaymentPostProcessing):

    @http.route()
    def poll_status(self, **kwargs):
        """ Override of `payment` to ask the bank while the payer waits.

        The page updates itself also when no webhook can reach Odoo.
        """
        transaction = self._get_monitored_transaction()
        if transaction.provider_code == 'tochka':
            # What is applied in its own cursor is not in this one's snapshot; the page asks again.
            transaction._tochka_refresh_for_payer()
        values = super().poll_status(**kwargs)
        if (
            transaction.provider_code == 'tochka'
            and transaction.state == 'done'
            and not transaction.is_post_processed
        ):
            # The job is booking it right now: let the page wait, so that the payer does not meet
            # the invoice while it still looks unpaid.
            values['state'] = 'pending'
        return values
