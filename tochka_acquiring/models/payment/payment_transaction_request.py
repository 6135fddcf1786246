# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import urllib.parse
from decimal import Decimal

from odoo import models
from odoo.tools import float_repr, urls

from odoo.addons.payment import utils as payment_utils
from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.api.errors import _lt
from odoo.addons.tochka_acquiring.api.text import cut_purpose
from odoo.addons.tochka_acquiring.utils import in_russian


class PaymentTransaction(models.Model):
    """ What the bank is told of a payment. """

    _inherit = 'payment.transaction'

    # === BUSINESS METHODS - REQUEST VALUES === #

    def _tochka_operation_values(self):
        """ Return what the bank is told of the payment, besides the order number.

        :return: Arguments of `TochkaClient.create_payment`.
        :rtype: dict
        """
        self.ensure_one()
        merchant = self.provider_id.tochka_merchant_id
        return {
            'customer_code': merchant.legal_entity_id.customer_code,
            'merchant_id': merchant.merchant_id,
            'amount': self._tochka_amount(),
            'purpose': self._tochka_purpose(),
            'payment_modes': [const.PAYMENT_MODES[self.payment_method_code]],
            'redirect_url': self._tochka_return_url(),
            'fail_redirect_url': self._tochka_return_url(failed=True),
            'ttl': self._tochka_link_minutes(),
        }

    def _tochka_link_minutes(self):
        """ Return how long the payer may pay by the link that is being made. Hook for
        `tochka_fiscal`: what a link prints may be right until a day only.

        :rtype: int
        """
        self.ensure_one()
        return self.provider_id.tochka_link_ttl

    def _tochka_amount(self):
        """ Return the exact amount of the transaction.

        :return: The amount in roubles, with two decimals.
        :rtype: Decimal
        """
        self.ensure_one()
        return Decimal(float_repr(abs(self.amount), 2))

    def _tochka_purpose(self):
        """ Return what stands on the bank's page and in the statement: in Russian, whoever pays.

        :return: The purpose, at most 140 characters.
        :rtype: str
        """
        self.ensure_one()
        details = self._tochka_details()
        if details:
            return cut_purpose(details)
        names = ', '.join(
            name for name in self._tochka_documents().mapped('name') if name
        ) or self.reference
        return cut_purpose(in_russian('tochka_acquiring', _lt("Payment of %s")) % names)

    def _tochka_return_url(self, failed=False):
        """ Return the address that the bank sends the payer back to.

        :param bool failed: Whether it is the address for a declined attempt. It only chooses the
                            words that the payer reads; the truth is asked from the bank.
        :rtype: str
        """
        self.ensure_one()
        query = {
            'reference': self.reference,
            'access_token': self._tochka_return_token(),
        }
        if failed:
            query['failed'] = '1'
        base_url = self.provider_id.get_base_url()
        connection = self.provider_id.tochka_connection_id.sudo()
        if base_url == connection._web_base_url():
            # No website has a domain of its own, and Odoo rewrites its parameter at logins.
            base_url = connection._public_url()
        return urls.urljoin(base_url, f'{const.RETURN_ROUTE}?{urllib.parse.urlencode(query)}')

    def _tochka_return_token(self):
        """ Return the proof that Odoo made a return address.

        The first part keeps the token apart from those of other addresses: a payer may choose the
        reference, and a reference like "5|1.0|39" would otherwise make the token of a payment link
        of another partner.

        :rtype: str
        """
        self.ensure_one()
        return payment_utils.generate_access_token(
            const.RETURN_ROUTE, self.reference, env=self.env
        )

    def _tochka_database_uuid(self):
        return self.env['ir.config_parameter'].sudo().get_param('database.uuid')
