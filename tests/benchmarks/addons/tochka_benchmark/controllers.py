from odoo import http
from odoo.http import request


class Empty(http.Controller):
    """ What Odoo itself needs for a request of somebody who is not logged in. """

    @http.route('/tochka_benchmark/empty', type='http', auth='public', methods=['POST'],
                csrf=False, save_session=False)
    def empty(self):
        """ Read the body and answer with nothing. """
        request.httprequest.get_data()
        return request.make_response('', headers=[('Content-Type', 'text/plain')])
