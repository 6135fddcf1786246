# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.tochka_fiscal.receipt import Supplier
from odoo.addons.tochka_fiscal.tests.common import FiscalCommon


@tagged('post_install', '-at_install')
class TestAgent(FiscalCommon):
    """ Somebody else's goods: tags 1222, 1225, 1226 and 1171. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.supplier = cls.env['res.partner'].create({
            'name': "Publisher", 'vat': '7736207543', 'phone': '8 (495) 123-45-67',
            'country_id': cls.env.ref('base.ru').id,
        })
        cls.category = cls.env['product.category'].create({
            'name': "Books of others", 'fiscal_agent': 'commissionaire',
            'fiscal_supplier_id': cls.supplier.id,
        })
        below = cls.env['product.category'].create({
            'name': "Atlases", 'parent_id': cls.category.id})
        cls.atlas = cls.env['product.product'].create({
            'name': "Atlas", 'categ_id': below.id, 'taxes_id': [], 'list_price': 500.0})

    def sell_atlas(self):
        invoice = self.create_invoice(1000.0, post=False)
        invoice.invoice_line_ids = [Command.create({
            'product_id': self.atlas.id, 'quantity': 2, 'price_unit': 500.0, 'tax_ids': []})]
        invoice.action_post()
        return invoice

    def test_line_names_the_supplier(self):
        self.pay(self.create_linked_tx(self.sell_atlas()))
        self.work()
        [printed] = self.till.printed.values()
        self.assertEqual([(line.agent, line.supplier) for line in printed.lines], [
            ('', None),
            ('commissionaire', Supplier(
                name="Publisher", inn='7736207543', phones=('+74951234567',))),
        ])

    def test_one_line_of_a_template_hides_nobodys_goods(self):
        self.provider.sudo().write({
            'tochka_details_mode': 'template', 'tochka_details_template': "All"})
        receipt = self.pay(self.create_linked_tx(self.sell_atlas()))._fiscal_receipt()
        self.assertEqual(receipt.line_ids.mapped('agent'), ['', 'commissionaire'])

    def test_agent_needs_a_supplier_with_an_inn(self):
        with self.assertRaisesRegex(ValidationError, "whose goods"):
            self.category.fiscal_supplier_id = False
        with self.assertRaisesRegex(ValidationError, "INN"):
            self.category.fiscal_supplier_id = self.payer

    def test_inn_that_is_gone_keeps_the_receipt_and_not_the_money(self):
        self.supplier.vat = False
        transaction = self.pay(self.create_linked_tx(self.sell_atlas()))
        receipt = transaction._fiscal_receipt()
        self.assertEqual((transaction.state, receipt.state), ('done', 'failed'))
        self.assertIn("INN", receipt.problem)
        self.supplier.vat = '7736207543'
        receipt.with_user(self.env.user).action_retry()
        self.assertEqual((receipt.state, len(receipt.line_ids)), ('queued', 2))
