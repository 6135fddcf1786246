# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import http
from odoo.http import request

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_fiscal import const
from odoo.addons.tochka_fiscal.registers import base

_logger = get_payment_logger(__name__)


class FiscalCallbackController(http.Controller):
    """ The door for the results that registers send. """

    @http.route('/fiscal/callback/<int:register_id>', type='http', auth='public',
                methods=['POST'], csrf=False, save_session=False)
    def fiscal_callback(self, register_id, **_kwargs):
        """ Take a result; what no signature proves makes Odoo ask the register itself.

        :param int register_id: The register.
        :return: 200 when it is taken, 403 for a wrong signature, 503 when it can't be written now.
        """
        body = request.httprequest.get_data(cache=False)
        register = request.env['fiscal.register'].sudo().browse(register_id).exists()
        if not register or len(body) > const.MAX_CALLBACK_SIZE:
            return request.make_response('', status=404 if not register else 413)
        try:
            key, result = register._client().parse_callback(
                body, request.httprequest.headers, register.callback_url)
        except base.RegisterError as error:
            _logger.warning("A result for register %s is refused: %s", register.id, error)
            return request.make_response('', status=403)
        taken = request.env['fiscal.receipt'].sudo()._take_callback(
            register, key, result)
        return request.make_response('', status=200 if taken else 503)
