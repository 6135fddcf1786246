# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from decimal import Decimal, InvalidOperation

from werkzeug.exceptions import Forbidden

from odoo import _, http
from odoo.exceptions import ValidationError
from odoo.http import request
from odoo.tools import consteq

from odoo.addons.payment import utils as payment_utils
from odoo.addons.payment.controllers.portal import PaymentPortal
from odoo.addons.tochka_acquiring import const


class TochkaBalancePortal(PaymentPortal):
    """ The customer's balance, and its top-up.

    Everything is looked up for the partner of whoever is logged in; what a browser sends is checked
    on the way to the payment form, and once more when the transaction is created.
    """

    def _prepare_home_portal_values(self, counters):
        """ Override of `portal` to show the card "Balance" to those who have one. """
        values = super()._prepare_home_portal_values(counters)
        if 'tochka_balance_count' in counters:
            values['tochka_balance_count'] = len(self._tochka_balance_companies())
        return values

    # === ROUTES === #

    @http.route(
        const.BALANCE_ROUTE, type='http', auth='user', methods=['GET'], website=True,
        sitemap=False,
    )
    def tochka_balance(self, **_kwargs):
        """ Show what was paid, what is due and what is left, in each company. """
        return self._tochka_render_balance()

    @http.route(
        f'{const.BALANCE_ROUTE}/pay', type='http', auth='user', methods=['GET'], website=True,
        sitemap=False,
    )
    def tochka_topup(self, company_id=None, amount=None, suggested=None, client_id=None, **_kwargs):
        """ Show the payment form for a top-up whose amount, company and client are fixed.

        :param str company_id: The company whose balance is topped up, as a `res.company` id.
        :param str amount: The amount in roubles, as the customer has typed it.
        :param str suggested: The amount of the button that was pressed instead, if any.
        :param str client_id: Who is taught or served, as a `res.partner` id; empty for nobody.
        :return: The payment form; the balance with a sentence about what is wrong.
        """
        partner = request.env.user.partner_id
        try:
            company, client = self._tochka_check_recipient(
                self._cast_as_int(company_id), self._cast_as_int(client_id or 0)
            )
            amount = self._tochka_check_amount(suggested or amount)
            report = {}
            providers_sudo = self._tochka_check_offered(company, amount, report=report)
        except ValidationError as error:
            return self._tochka_render_balance(
                error=str(error), typed=amount, company_id=self._cast_as_int(company_id),
            )
        currency = request.env.ref('base.RUB')
        payment_methods_sudo = request.env['payment.method'].sudo()._get_compatible_payment_methods(
            providers_sudo.ids, partner.id, currency_id=currency.id, report=report,
        )
        payment_context = {
            'amount': float(amount),
            'currency': currency,
            'partner_id': partner.id,
            'providers_sudo': providers_sudo,
            'payment_methods_sudo': payment_methods_sudo,
            'tokens_sudo': request.env['payment.token'].sudo(),
            'availability_report': report,
            'transaction_route':
                f'{const.BALANCE_ROUTE}/transaction/{company.id}/{client.id or 0}',
            'landing_route': const.BALANCE_ROUTE,
            'access_token': self._tochka_topup_token(company, amount, client),
        }
        return request.render('tochka_acquiring.portal_topup', {
            **self._prepare_portal_layout_values(),
            'page_name': 'tochka_topup',
            'res_company': company,
            'client': client,
            'show_tokenize_input_mapping': self._compute_show_tokenize_input_mapping(
                providers_sudo
            ),
            **payment_context,
            **self._get_extra_payment_form_values(**payment_context, currency_id=currency.id),
        })

    @http.route(
        f'{const.BALANCE_ROUTE}/transaction/<int:company_id>/<int:client_id>', type='jsonrpc',
        auth='user', website=True,
    )
    def tochka_topup_transaction(
        self, company_id, client_id, amount=None, access_token=None, **kwargs,
    ):
        """ Create the transaction of a top-up and return its processing values.

        :param int company_id: The company whose balance is topped up.
        :param int client_id: Who is taught or served; 0 for nobody.
        :param float amount: The amount in roubles.
        :param str access_token: Proof that the payment form was made for all of these.
        :param dict kwargs: The choice of the payer, see `_validate_transaction_kwargs`.
        :return: The mandatory values for the processing of the transaction.
        :rtype: dict
        :raise Forbidden: If the form was made for something else.
        :raise ValidationError: If it is not allowed (any more).
        """
        company, client = self._tochka_check_recipient(company_id, client_id)
        amount = self._tochka_check_amount(amount)
        token = self._tochka_topup_token(company, amount, client)
        if not consteq(str(access_token).encode(), token.encode()):
            raise Forbidden()
        self._validate_transaction_kwargs(kwargs)
        if (
            kwargs.get('provider_id') not in self._tochka_check_offered(company, amount).ids
            or kwargs.get('flow') != 'redirect'
            or kwargs.get('is_validation')
        ):
            raise ValidationError(_(
                "This way to pay is not available for a top-up. Please reload the page and choose"
                " another one."
            ))
        kwargs.update({
            'amount': float(amount),
            'currency_id': request.env.ref('base.RUB').id,
            'partner_id': request.env.user.partner_id.id,
            'token_id': None,
            'tokenization_requested': False,
            'landing_route': const.BALANCE_ROUTE,
            'reference_prefix': payment_utils.singularize_reference_prefix(prefix='topup'),
        })
        transaction_sudo = self._create_transaction(
            custom_create_values={'tochka_client_id': client.id}, **kwargs
        )
        return transaction_sudo._get_processing_values()

    @http.route()
    def payment_pay(self, *args, partner_id=None, tochka_topup=None, **kwargs):
        """ Override of `payment` to take a top-up by link for whom the link was made.

        Odoo puts the partner of whoever is logged in into the form: an accountant who tries the
        link would pay into an own balance. The link's signature was checked by then.
        """
        response = super().payment_pay(*args, partner_id=partner_id, **kwargs)
        values = getattr(response, 'qcontext', None) or {}
        payer = request.env['res.partner'].sudo().browse(self._cast_as_int(partner_id)).exists()
        if (
            not tochka_topup or not payer
            or values.get('transaction_route') != '/payment/transaction'
        ):
            return response
        company, currency, amount = (
            values['expected_company'], values['currency'], values['amount']
        )
        report = {}
        providers_sudo = request.env['payment.provider']._tochka_topup_providers(
            company, payer, amount, report=report, **self._tochka_website()
        )
        values.update({
            'partner_id': payer.id,
            'access_token': payment_utils.generate_access_token(payer.id, amount, currency.id),
            'partner_is_different': False,
            'company_mismatch': False,  # Then no provider is offered.
            'providers_sudo': providers_sudo,
            'payment_methods_sudo':
                request.env['payment.method'].sudo()._get_compatible_payment_methods(
                    providers_sudo.ids, payer.id, currency_id=currency.id, report=report,
                ),
            'tokens_sudo': request.env['payment.token'].sudo(),
            'availability_report': report,
        })
        return response

    # === BUSINESS METHODS === #

    @staticmethod
    def _tochka_website():
        """ Return the criterion of `website_payment`, which may restrict a provider to a site. """
        website = getattr(request, 'website', None)
        return {'website_id': website.id} if website else {}

    @staticmethod
    def _tochka_balance_companies():
        return request.env.user.partner_id._tochka_balance_companies(request.env.company)

    def _tochka_render_balance(self, error='', typed='', company_id=None):
        """ Render the balance in each company.

        :param str error: What was wrong with the top-up that was asked for.
        :param str typed: The amount that the customer had typed.
        :param int|None company_id: The company of that top-up.
        """
        partner = request.env.user.partner_id
        balances = [
            {
                **partner._tochka_balance(company),
                'providers_sudo': request.env['payment.provider']._tochka_topup_providers(
                    company, partner, **self._tochka_website()
                ),
                'refunds_sudo': partner._tochka_shown_refunds(company),
            }
            for company in self._tochka_balance_companies()
        ]
        return request.render('tochka_acquiring.portal_my_balance', {
            **self._prepare_portal_layout_values(),
            'page_name': 'tochka_balance',
            'balances': balances,
            'currency': request.env.ref('base.RUB'),
            'family': partner.sudo()._tochka_family(),
            'max_topup': const.MAX_TOPUP,
            'error': error,
            'typed': typed,
            'error_company_id': company_id,
        })

    def _tochka_check_recipient(self, company_id, client_id):
        """ Return the company and the client of a top-up.

        :return: A company in which the user has a balance; a member of the user's family, or none.
        :rtype: tuple
        :raise ValidationError: With a sentence for the customer.
        """
        company = self._tochka_balance_companies().filtered(lambda c: c.id == company_id)
        family = request.env.user.partner_id.sudo()._tochka_family()
        client = family.filtered(lambda member: member.id == client_id)
        if not company or client_id and not client:
            raise ValidationError(_(
                "You can only top up your own balance, for yourself and your own contacts. Please"
                " choose again."
            ))
        return company, client

    @staticmethod
    def _tochka_check_amount(amount):
        """ Return the exact amount of a top-up.

        :param str|float amount: The amount in roubles, as a customer types it ("1 000,50").
        :rtype: Decimal
        :raise ValidationError: With a sentence for the customer.
        """
        try:
            number = Decimal(''.join(str(amount).split()).replace(',', '.'))
            exact = number.quantize(const.KOPECK)
        except InvalidOperation:
            exact = number = Decimal('NaN')
        if not exact.is_finite() or exact != number or exact <= 0:
            raise ValidationError(_(
                "Please enter an amount above zero in roubles and kopecks, for example 1500.50."
            ))
        if exact > const.MAX_TOPUP:
            raise ValidationError(_(
                "This amount is more than can be paid in at once. Please enter a smaller one."
            ))
        return exact

    def _tochka_check_offered(self, company, amount, report=None):
        """ Return the providers that take this top-up.

        :rtype: payment.provider
        :raise ValidationError: With a sentence for the customer.
        """
        providers = request.env['payment.provider']._tochka_topup_providers(
            company, request.env.user.partner_id, float(amount), report=report,
            **self._tochka_website(),
        )
        if not providers:
            raise ValidationError(_(
                "This amount can't be paid in here at the moment. Please try a smaller one, or"
                " contact us."
            ))
        return providers

    @staticmethod
    def _tochka_topup_token(company, amount, client):
        """ Return the proof that a payment form was made for just this top-up of this user.

        Its first part keeps it apart from the tokens of other pages.

        :rtype: str
        """
        return payment_utils.generate_access_token(
            f'{const.BALANCE_ROUTE}/transaction', request.env.user.partner_id.id, f'{amount:.2f}',
            request.env.ref('base.RUB').id, company.id, client.id or 0,
        )
