# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import re

from werkzeug.exceptions import NotFound

from odoo import _, http
from odoo.http import request

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.api import errors
from odoo.addons.tochka_acquiring.utils import as_text

_logger = get_payment_logger(__name__, const.SENSITIVE_KEYS)


class TochkaOAuthController(http.Controller):
    """ The way to the bank's consent page and back. Administrators only, at both ends. """

    @http.route(
        const.OAUTH_START_ROUTE, type='http', auth='user', methods=['GET'], website=True,
        sitemap=False,
    )
    def tochka_oauth_start(self, token='', **_kwargs):
        """ Open the e-mailed link: create the consent and go on to the bank's page.

        :param str token: The secret of the link.
        :return: A redirection to the bank, or a page that says what is wrong.
        """
        if not self._tochka_is_administrator():
            return self._tochka_refuse()
        authorization = request.env['tochka.authorization'].sudo()._find_by_link(as_text(token))
        if not authorization:
            return self._explain(_("This link is not known. It may have been replaced."))
        obstacle = authorization._find_link_obstacle()
        if obstacle:
            return self._explain(obstacle, authorization.connection_id)
        if not authorization.try_lock_for_update(allow_referencing=True):
            return self._explain(_("This link is being opened in another window."))
        try:
            url = authorization._open()
        except errors.TochkaError as error:
            return self._explain(_(
                "The bank's page can't be opened: %s",
                authorization.connection_id._explain(error),
            ), authorization.connection_id)
        return request.redirect(url, local=False)

    @http.route(
        const.OAUTH_AGAIN_ROUTE, type='http', auth='user', methods=['POST'], website=True,
        sitemap=False,
    )
    def tochka_oauth_again(self, connection_id='', **_kwargs):
        """ Send a new link.

        :param str connection_id: The connection.
        :return: A page that says where the link went.
        """
        if not self._tochka_is_administrator():
            return self._tochka_refuse()
        connection = self._tochka_in_all_companies(request.env['tochka.connection'].browse(
            int(connection_id) if re.fullmatch('[0-9]{1,9}', as_text(connection_id)) else 0
        ).exists())
        if not connection:
            raise NotFound()
        if not connection.has_access('write'):
            return self._tochka_refuse()
        if not connection._send_confirmation():
            return self._explain(
                _("You have no e-mail address: add it in your preferences."), connection)
        return request.render('tochka_acquiring.oauth_page', {
            'title': _("A new link is on its way"),
            'message': _("We have sent it to %s.", request.env.user.email),
            'connection': connection, 'offer_link': False, 'is_problem': False,
        })

    @http.route(
        const.OAUTH_RETURN_ROUTE, type='http', auth='user', methods=['GET'], website=True,
        sitemap=False,
    )
    def tochka_oauth_return(self, state='', code='', error='', **_kwargs):
        """ Receive the administrator back from the bank's page.

        :param str state: The one-time value that Odoo has given.
        :param str code: The code that is exchanged for tokens.
        :param str error: Why there is no code.
        :return: A redirection to the connection, or a page that says what is wrong.
        """
        if not self._tochka_is_administrator():
            return self._tochka_refuse()
        authorization = request.env['tochka.authorization'].sudo()._find_by_state(as_text(state))
        if not authorization:
            _logger.warning("An answer of the consent page with an unknown state was refused")
            return self._explain(_(
                "This answer of the bank belongs to no request of this Odoo. Nothing was changed."))
        connection = authorization.connection_id
        obstacle = authorization._find_state_obstacle()
        if obstacle:
            _logger.warning("An answer for connection %s was refused: %s", connection.id, obstacle)
            return self._explain(obstacle, connection)
        problem = authorization._finish(as_text(code), as_text(error))
        if problem:
            return self._explain(problem, connection)
        connection._take_consent()
        return request.redirect(f'/odoo/{const.CONNECTIONS_PATH}/{connection.id}')

    # === HELPERS === #

    @staticmethod
    def _tochka_is_administrator():
        return request.env.user.has_group('base.group_system')

    @staticmethod
    def _tochka_in_all_companies(connection):
        """ Return the connection as the user sees it: a website knows one company only. """
        user = request.env.user
        return connection.with_user(user).with_context(allowed_company_ids=user.company_ids.ids)

    @staticmethod
    def _tochka_refuse():
        """ Answer somebody who is no administrator, without a word on what exists. """
        _logger.warning(
            "User %s, who is no administrator, called an address of the connection to the bank",
            request.env.uid,
        )
        response = request.render('tochka_acquiring.oauth_page', {
            'title': _("Only an administrator can do this"),
            'message': _("Ask the administrator of your Odoo to open this link."),
            'connection': None, 'offer_link': False, 'is_problem': True,
        })
        response.status_code = 403
        return response

    def _explain(self, message, connection=None):
        """ Show what went wrong, and offer a new link.

        :param str message: What went wrong.
        :param tochka.connection|None connection: The connection, where it may be named.
        """
        visible = connection and self._tochka_in_all_companies(connection).has_access('write')
        return request.render('tochka_acquiring.oauth_page', {
            'title': _("The consent was not taken"),
            'message': message,
            'connection': connection if visible else None,
            'offer_link': bool(visible),
            'is_problem': True,
        })
