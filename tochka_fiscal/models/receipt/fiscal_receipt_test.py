# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from decimal import Decimal

from odoo import _, api, fields, models

from odoo.addons.tochka_acquiring.utils import in_russian
from odoo.addons.tochka_fiscal.models.receipt.fiscal_receipt_line import to_kopecks
from odoo.addons.tochka_fiscal.receipt import Item, _lt, build_lines


class FiscalReceipt(models.Model):
    """ A test of a register: a receipt of nobody's money, which is returned at once. """

    _inherit = 'fiscal.receipt'

    _test_idx = models.Index("(register_id) WHERE role = 'test'")

    # === BUSINESS METHODS === #

    @api.model
    def _create_test(self, register, amount, values):
        """ Create a test receipt and its return, which follows when the first one is printed.

        :param fiscal.register register: The register.
        :param float amount: Roubles.
        :param dict values: `taxation_system`, `vat` and `contact`.
        :return: Both receipts, the income first.
        :rtype: fiscal.receipt
        """
        number = self.search_count([('register_id', '=', register.id), ('role', '=', 'test')])
        income = self.browse()
        kopecks = to_kopecks(amount)
        [line] = build_lines([Item(
            name=in_russian('tochka_fiscal', _lt("Test of the register")), quantity=Decimal(1),
            total=kopecks, vat=values['vat'], method='full_payment', subject='service')], kopecks)
        names = [_("Test of the register"), _("Return of the test of the register")]
        for kind, name in zip(['income', 'income_return'], names, strict=True):
            receipt = self.create({
                'name': f'{name} {number // 2 + 1}',
                'role': 'test',
                'kind': kind,
                'income_id': income.id,
                'company_id': register.company_id.id,
                'register_id': register.id,
                'taxation_system': values['taxation_system'],
                'contact': values['contact'],
                'address': register.address,
                'paid_at': fields.Datetime.now(),
                'currency_id': register.company_id.currency_id.id,
                'total': amount,
                'payments': {'cashless': kopecks},
                'next_try_at': fields.Datetime.now(),
            })
            receipt._build_lines([(line, income.line_ids)])
            income = income or receipt
        self._trigger()
        return income + income.return_ids
