# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.tochka_fiscal.tests.test_marks import GS, MarksCommon, code


@tagged('post_install', '-at_install')
class TestMarksOfLots(MarksCommon):
    """ Codes that are the serial numbers of what the stock app delivers. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if 'stock.lot' not in cls.env or 'sale.order' not in cls.env:
            cls.skipTest(cls, "The stock app is not installed.")
        cls.shoes.write({
            'is_storable': True, 'tracking': 'serial', 'invoice_policy': 'delivery'})
        cls.warehouse = cls.env['stock.warehouse'].sudo().search(
            [('company_id', '=', cls.company.id)], limit=1) or cls.env[
                'stock.warehouse'].sudo().create({
                    'name': "Shop", 'code': 'SHOP', 'company_id': cls.company.id})
        cls.lots = cls.env['stock.lot'].sudo().create([
            # Either where people put it: a scanner types the separator as it likes.
            {'product_id': cls.shoes.id, 'company_id': cls.company.id,
             'name': code(1).replace(GS, '<GS>')},
            {'product_id': cls.shoes.id, 'company_id': cls.company.id,
             'name': 'SN-2', 'ref': code(2)},
            {'product_id': cls.shoes.id, 'company_id': cls.company.id, 'name': code(3)},
        ])
        for lot in cls.lots:
            cls.env['stock.quant'].sudo()._update_available_quantity(
                cls.shoes, cls.warehouse.lot_stock_id, 1, lot_id=lot)

    def order(self, pieces):
        """ Return a confirmed order. """
        order = self.env['sale.order'].sudo().create({
            'partner_id': self.payer.id, 'company_id': self.company.id,
            'warehouse_id': self.warehouse.id,
            'order_line': [Command.create({
                'product_id': self.shoes.id, 'product_uom_qty': pieces, 'price_unit': 100,
                'tax_ids': []})],
        })
        order.action_confirm()
        return order

    def deliver(self, order, *lots):
        """ Hand over these pieces, and leave the rest for later. """
        picking = order.picking_ids.filtered(lambda one: one.state not in ('done', 'cancel'))
        move = picking.move_ids
        move.move_line_ids.unlink()
        move.move_line_ids = [Command.create({
            'product_id': self.shoes.id, 'lot_id': lot.id, 'quantity': 1, 'picking_id': picking.id,
            'location_id': picking.location_id.id,
            'location_dest_id': picking.location_dest_id.id}) for lot in lots]
        move.picked = True
        picking.with_context(skip_backorder=True, cancel_backorder=False).button_validate()

    def bill(self, order):
        invoice = order._create_invoices()
        invoice.action_post()
        return invoice

    def test_codes_of_what_was_delivered(self):
        order = self.order(2)
        self.deliver(order, self.lots[0], self.lots[1])
        invoice = self.bill(order)
        self.assertEqual(
            invoice.invoice_line_ids._fiscal_mark_codes(), [code(1), code(2)])
        self.print_marked(invoice)
        self.assertEqual([line.mark for line in self.sent().lines], [code(1), code(2)])

    def test_each_code_goes_to_one_invoice(self):
        order = self.order(3)
        self.deliver(order, self.lots[0])
        first = self.bill(order)
        self.deliver(order, self.lots[1], self.lots[2])
        second = self.bill(order)
        self.assertEqual(first.invoice_line_ids._fiscal_mark_codes(), [code(1)])
        self.assertEqual(second.invoice_line_ids._fiscal_mark_codes(), [code(2), code(3)])

    def test_what_was_entered_wins(self):
        order = self.order(1)
        self.deliver(order, self.lots[0])
        invoice = order._create_invoices()
        invoice.invoice_line_ids.fiscal_marks = code(9)
        invoice.action_post()
        self.assertEqual(invoice.invoice_line_ids._fiscal_mark_codes(), [code(9)])

    def test_credit_note_of_money_takes_no_piece_back(self):
        order = self.order(2)
        self.deliver(order, self.lots[0], self.lots[1])
        invoice = self.bill(order)
        invoice.invoice_line_ids.fiscal_marks = False
        note = invoice._reverse_moves()
        note.invoice_line_ids.write({'quantity': 1, 'price_unit': 10})
        codes = self.env['payment.transaction']._fiscal_codes_of(note.invoice_line_ids)
        self.assertEqual(codes, [])

    def test_delivered_after_the_invoice(self):
        self.shoes.invoice_policy = 'order'
        order = self.order(1)
        invoice = self.bill(order)
        self.assertFalse(invoice.invoice_line_ids.fiscal_marks)
        receipt = self.print_marked(invoice)
        # A prepayment: the goods are not there yet.
        self.assertEqual(receipt.line_ids.mapped('mark'), [''])
        self.work()
        self.deliver(order, self.lots[0])
        closing = receipt._close()
        self.assertEqual(closing.line_ids.mapped('mark'), [code(1)])
        self.assertEqual(closing.line_ids.mapped('fiscal_method'), ['full_payment'])
