# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from base64 import b64encode
from io import BytesIO

import qrcode
from markupsafe import Markup

from odoo import SUPERUSER_ID, _, api, fields, models

from odoo.addons.tochka_fiscal import const

_QR_BOX = 10  # pixels of each of the small squares of a QR code


class FiscalReceipt(models.Model):
    """ How receipts are shown: to the customer who has paid, and to people in the documents. """

    _inherit = 'fiscal.receipt'

    qr_picture = fields.Binary(
        string="QR code", compute='_compute_qr_picture',
        help="It opens the receipt in the application of the tax office.")

    # === COMPUTE METHODS === #

    @api.depends('qr')
    def _compute_qr_picture(self):
        for receipt in self:
            receipt.qr_picture = b64encode(receipt._qr_png()) or False

    # === ACTION METHODS === #

    def _open(self):
        """ Open these receipts.

        :return: The action: the form of a single one, else the list.
        :rtype: dict
        """
        action = {
            'type': 'ir.actions.act_window',
            'name': _("Fiscal receipts"),
            'res_model': 'fiscal.receipt',
            'view_mode': 'list,form',
            'domain': [('id', 'in', self.ids)],
        }
        if len(self) == 1:
            action.update(view_mode='form', res_id=self.id, views=[(False, 'form')])
        return action

    # === BUSINESS METHODS === #

    def _tell_documents(self):
        """ Write into the chatter of the invoices what has become of their receipt. """
        self.ensure_one()
        texts = {
            'done': _("Fiscal receipt printed: %s"),
            'delegated': _("Fiscal receipt left to the bank's register: %s"),
        }
        for invoice in self.invoice_ids:
            # A callback comes as the public user, who is nobody to the accountant.
            invoice.with_user(SUPERUSER_ID)._message_log(
                body=Markup(texts[self.state]) % self._get_html_link())

    @api.model
    def _portal_domain(self, partner):
        """ Return which receipts a customer may see: the own ones, and those of the own contacts.

        :param res.partner partner: Whoever is logged in.
        :rtype: list
        """
        return [
            ('partner_id', 'child_of', partner.commercial_partner_id.id),
            ('state', 'not in', const.HIDDEN_STATES),
            # Whether the bank's register prints a return is not known: nothing is promised.
            '|', ('kind', '=', 'income'), ('state', '!=', 'delegated'),
        ]

    def _is_shown(self):
        """ Return whether the customer is told of the receipt at all. :rtype: bool """
        self.ensure_one()
        return self.state not in const.HIDDEN_STATES and (
            self.kind == 'income' or self.state != 'delegated')

    def _qr_png(self):
        """ Return the QR code of a printed receipt, large enough for any camera.

        `barcode` of `ir.actions.report` would need a drawing library that not every server has.

        :return: A PNG picture; empty without a code.
        :rtype: bytes
        """
        self.ensure_one()
        if not self.qr:
            return b''
        code = qrcode.QRCode(
            error_correction=qrcode.constants.ERROR_CORRECT_M, box_size=_QR_BOX)
        code.add_data(self.qr)
        picture = BytesIO()
        code.make_image().save(picture)
        return picture.getvalue()

    # These two keep their prefix: templates that people have changed call them.

    def _fiscal_qr_uri(self):
        """ Return the picture of the QR code for a page: nobody can ask for it by address.

        :rtype: str
        """
        self.ensure_one()
        picture = self._qr_png()
        return f'data:image/png;base64,{b64encode(picture).decode()}' if picture else ''

    def _fiscal_link(self):
        """ Return the link to the receipt, if what the register has sent can be one.

        :rtype: str
        """
        self.ensure_one()
        url = (self.receipt_url or '').strip()
        return url if url.lower().startswith(('http://', 'https://')) else ''
