# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import fields, models


class PaymentTransaction(models.Model):
    """ What needs a person about a payment. """

    _inherit = 'payment.transaction'

    tochka_problem_ids = fields.One2many(
        string="Open problems", comodel_name='tochka.problem', inverse_name='res_id',
        domain=[('res_model', '=', 'payment.transaction'), ('closed_at', '=', False)],
        readonly=True)

    # === BUSINESS METHODS === #

    def _tochka_flag(self, code, **params):
        """ Ask a person to look at the transaction, once for each problem.

        :param str code: What is wrong, `tochka.problem._texts_<code>`.
        :param params: As of `tochka.problem._open`.
        :rtype: tochka.problem
        """
        return self.env['tochka.problem']._open(self, code, **params)

    def _tochka_unflag(self, *codes, subject=None):
        """ Close what is gone of these transactions.

        :param str codes: What is gone.
        :param str|None subject: Of what; None: of all.
        """
        self.env['tochka.problem']._close(self, codes, subject)

    def _tochka_responsible(self):
        """ Return who is asked about this payment. :rtype: res.users """
        self.ensure_one()
        return self.provider_id.sudo()._tochka_responsible()

    def _tochka_problem_face(self):
        """ Return where people see that something is wrong: the document, the payment, or the
        connection. :rtype: models.Model """
        self.ensure_one()
        return self._tochka_documents()[:1] or self.payment_id or self._tochka_connection()
