# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from werkzeug.exceptions import BadRequest, Forbidden, ServiceUnavailable

from odoo import http
from odoo.http import request

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.api.webhook import InvalidSignature, MalformedWebhook
from odoo.addons.tochka_acquiring.models.connection.tochka_webhook_key import KeyUnavailable

_logger = get_payment_logger(__name__, const.SENSITIVE_KEYS)


class TochkaWebhookController(http.Controller):

    @http.route(
        const.WEBHOOK_ROUTE, type='http', auth='public', methods=['POST'], csrf=False,
        save_session=False, max_content_length=const.MAX_WEBHOOK_SIZE,
    )
    def tochka_webhook(self):
        """ Verify a notification, store it and answer; a job works on it afterwards.

        Every valid signature gets 200: the bank registers the address only if its test events,
        which carry a foreign customer, are accepted. Anything but 200 is sent again for five
        minutes. Source: developers.tochka.com, «Вебхуки», 2026-04.

        :return: An empty answer with status 200.
        :raise BadRequest: If the body is no compact JWT.
        :raise Forbidden: If the signature is not the bank's.
        :raise ServiceUnavailable: If the bank's public key can't be obtained now.
        """
        # A form-encoded body is consumed by the framework and arrives here empty.
        body = request.httprequest.get_data()
        try:
            claims = request.env['tochka.webhook.key'].sudo()._verify(body)
        except MalformedWebhook as error:
            _logger.info("Refused a notification that is no JWT: %s", error)
            raise BadRequest() from error
        except InvalidSignature as error:
            _logger.warning("Refused a notification without the bank's signature")
            raise Forbidden() from error
        except KeyUnavailable as error:
            _logger.warning("The bank's public key can't be obtained; it will send again")
            raise ServiceUnavailable() from error
        request.env['tochka.webhook.event'].sudo()._receive(body, claims)
        return request.make_response('', headers=[('Content-Type', 'text/plain')])
