# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import http
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.addons.portal.controllers.portal import pager as portal_pager
from odoo.addons.tochka_fiscal import const


class FiscalPortal(CustomerPortal):
    """ The customer's receipts.

    Customers have no access to the model. Everything is looked up by the partner of whoever is
    logged in, and the templates name each field that is shown.
    """

    def _prepare_home_portal_values(self, counters):
        """ Override of `portal` to show the card "Your fiscal receipts" to those who have any. """
        values = super()._prepare_home_portal_values(counters)
        if 'fiscal_receipt_count' in counters:
            receipts_sudo, domain = self._fiscal_receipts()
            values['fiscal_receipt_count'] = receipts_sudo.search_count(domain)
        return values

    # === ROUTES === #

    @http.route(
        [const.PORTAL_ROUTE, f'{const.PORTAL_ROUTE}/page/<int:page>'], type='http', auth='user',
        methods=['GET'], website=True, sitemap=False,
    )
    def fiscal_my_receipts(self, page=1, **_kwargs):
        """ List the receipts, newest first.

        :param int page: The page of the list.
        """
        receipts_sudo, domain = self._fiscal_receipts()
        pager = portal_pager(
            url=const.PORTAL_ROUTE, total=receipts_sudo.search_count(domain), page=page,
            step=self._items_per_page)
        return request.render('tochka_fiscal.portal_my_receipts', {
            **self._prepare_portal_layout_values(),
            'page_name': 'fiscal_receipts',
            'receipts': receipts_sudo.search(
                domain, order='paid_at desc, id desc', limit=self._items_per_page,
                offset=pager['offset']),
            'pager': pager,
        })

    @http.route(
        f'{const.PORTAL_ROUTE}/<int:receipt_id>', type='http', auth='user', methods=['GET'],
        website=True, sitemap=False,
    )
    def fiscal_my_receipt(self, receipt_id, **_kwargs):
        """ Show one receipt; somebody else's is answered like one that does not exist.

        :param int receipt_id: The receipt.
        """
        receipts_sudo, domain = self._fiscal_receipts()
        receipt_sudo = receipts_sudo.search([('id', '=', receipt_id), *domain])
        if not receipt_sudo:
            return request.redirect('/my')
        return request.render('tochka_fiscal.portal_my_receipt', {
            **self._prepare_portal_layout_values(),
            'page_name': 'fiscal_receipt',
            'receipt': receipt_sudo,
        })

    # === BUSINESS METHODS === #

    @staticmethod
    def _fiscal_receipts():
        """ Return where the receipts are looked up, and which are those of the user.

        :rtype: tuple
        """
        receipts_sudo = request.env['fiscal.receipt'].sudo()
        return receipts_sudo, receipts_sudo._portal_domain(request.env.user.partner_id)
