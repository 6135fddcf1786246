# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import re
import urllib.parse

from odoo import http
from odoo.http import request

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_fiscal import tuning
from odoo.addons.tochka_fiscal.registers import base

_logger = get_payment_logger(__name__)


class FiscalCallbackController(http.Controller):
    """ The door for the results that registers send. """

    # The number is read here: Odoo's own pages break over what is none, as `1%00`.
    @http.route('/fiscal/callback/<number>', type='http', auth='public', methods=['POST'],
                csrf=False, save_session=False, max_content_length=tuning.MAX_CALLBACK_SIZE)
    def fiscal_callback(self, number, **_kwargs):
        """ Take a result; what no signature proves makes Odoo ask the register itself.

        Nothing is read of a body that is too large: Odoo refuses it by its length.

        :param str number: The register.
        :return: 200 when it is taken, 403 for a wrong signature, 503 when it can't be written now.
        """
        registers = request.env['fiscal.register'].sudo()
        register = registers.browse(
            int(number) if re.fullmatch(r'[0-9]{1,9}', number) else 0).exists()
        if not register:
            return request.make_response('', status=404)
        # A form is consumed by the framework: its fields are written as a body again.
        body = request.httprequest.get_data(cache=False) or urllib.parse.urlencode(
            list(request.httprequest.form.items(multi=True)), errors='replace').encode()
        try:
            key, result = register._client().parse_callback(
                body, request.httprequest.headers, register.callback_url)
        except base.RegisterError as error:
            _logger.warning("A result for register %s is refused: %s", register.id, error)
            return request.make_response('', status=403)
        taken = request.env['fiscal.receipt'].sudo()._take_callback(
            register, key, result)
        return request.make_response('', status=200 if taken else 503)
