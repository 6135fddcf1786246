# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.tochka_fiscal.tests.common import FiscalCommon

GS = '\x1d'


def code(number):
    return f'0104600000000000215Qbag{number}{GS}93Zjqw'


class MarksCommon(FiscalCommon):
    """ Goods with marking codes. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.category = cls.env['product.category'].sudo().create({
            'name': "Shoes", 'fiscal_marked': True})
        cls.shoes = cls.env['product.product'].sudo().create({
            'name': "Shoes", 'type': 'consu', 'categ_id': cls.env['product.category'].sudo().create(
                {'name': "Boots", 'parent_id': cls.category.id}).id,
            'taxes_id': [],
        })

    def create_marked(self, pieces=3, price=33.34, codes=(), **values):
        """ Return a posted invoice of marked goods. """
        invoice = self.create_invoice(post=False)
        invoice.invoice_line_ids = [Command.clear(), Command.create({
            'product_id': self.shoes.id, 'name': "Shoes", 'quantity': pieces,
            'price_unit': price, 'tax_ids': [], 'fiscal_marks': '\n'.join(codes), **values})]
        invoice.action_post()
        return invoice

    def print_marked(self, invoice):
        """ Return the receipt of a paid invoice. """
        transaction = self.pay(self.create_linked_tx(invoice))
        self.work()
        return transaction.fiscal_receipt_ids.sudo()

    def sent(self):
        return list(self.till.printed.values())[-1]


@tagged('post_install', '-at_install')
class TestMarks(MarksCommon):
    """ Codes that people enter. """

    def test_each_piece_is_a_line(self):
        receipt = self.print_marked(self.create_marked(codes=[code(1), code(2), code(3)]))
        lines = self.sent().lines
        self.assertEqual([line.mark for line in lines], [code(1), code(2), code(3)])
        self.assertEqual([line.total for line in lines], [3334, 3334, 3334])
        self.assertEqual({line.quantity for line in lines}, {1})
        self.assertEqual(receipt.total, 100.02)

    def test_kopecks_are_exact(self):
        self.print_marked(self.create_marked(
            price=33.33, discount=10, codes=[code(1), code(2), code(3)]))
        self.assertEqual([line.total for line in self.sent().lines], [3000, 3000, 2999])

    def test_separators_survive_the_database(self):
        invoice = self.create_marked(pieces=1, codes=[code(1).replace(GS, '<GS>')])
        self.env.flush_all()
        self.env.invalidate_all()
        line = invoice.invoice_line_ids
        self.assertEqual(line.fiscal_marks, code(1).replace(GS, '␝'))
        self.assertEqual(line._fiscal_mark_codes(), [code(1)])
        receipt = self.print_marked(invoice)
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(receipt.line_ids.mark, code(1))

    def test_missing_code_keeps_no_money_out(self):
        invoice = self.create_marked(pieces=2, codes=[code(1)])
        receipt = self.print_marked(invoice)
        self.assertEqual((receipt.state, invoice.payment_state in ('paid', 'in_payment')),
                         ('failed', True))
        self.assertIn("2 marked pieces and 1 marking codes", receipt.problem)
        self.assertTrue(receipt.activity_ids)
        invoice.invoice_line_ids.fiscal_marks = f'{code(1)}\n{code(2)}'
        receipt.action_retry()
        self.work()
        self.assertEqual([line.mark for line in self.sent().lines], [code(1), code(2)])

    def test_piece_that_is_sold_by_weight(self):
        """ 1 code and 0.35 kilograms: FFD 1.2 knows a code with a measured quantity. """
        kilogram = self.env.ref('uom.product_uom_kgm')
        invoice = self.create_marked(
            pieces=0.35, price=1000, codes=[code(1)], product_uom_id=kilogram.id)
        self.assertFalse(self.problems(invoice))
        self.print_marked(invoice)
        [line] = self.sent().lines
        self.assertEqual((line.mark, str(line.quantity), line.measure, line.price, line.total),
                         (code(1), '0.35', 11, 100000, 35000))

    def problems(self, invoice):
        return self.env['tochka.problem'].sudo().search([
            ('res_model', '=', 'account.move'), ('res_id', '=', invoice.id),
            ('closed_at', '=', False)])

    def test_part_of_a_pack_is_said_at_posting(self):
        invoice = self.create_marked(pieces=0.35, price=1000, codes=[code(1)])
        problem = self.problems(invoice)
        self.assertEqual(problem.code, 'marked_by_hand')
        self.assertIn("cabinet", problem.advice)
        receipt = self.print_marked(invoice)
        self.assertEqual(receipt.state, 'failed')
        self.assertIn("cabinet of the register", receipt.problem)

    def test_several_pieces_of_one_weight_are_said_at_posting(self):
        invoice = self.create_marked(
            pieces=1.2, price=1000, codes=[code(1), code(2)],
            product_uom_id=self.env.ref('uom.product_uom_kgm').id)
        self.assertEqual(self.problems(invoice).code, 'marked_by_hand')

    def test_code_is_not_told_on_two_lines(self):
        """ 1.7 kilograms for 100.01: no price fits, and two lines would name one code. """
        invoice = self.create_marked(
            pieces=1.7, price=1000, codes=[code(1)],
            product_uom_id=self.env.ref('uom.product_uom_kgm').id)
        transaction = self.pay(self.create_linked_tx(invoice, amount=100.01))
        receipt = transaction.fiscal_receipt_ids.sudo()
        lines = receipt.line_ids.filtered('mark')
        self.assertLessEqual(len(lines), 1)
        self.assertIn(receipt.state, ('failed', 'queued'))

    def test_prepayment_names_no_code(self):
        self.provider.sudo().fiscal_method = 'prepayment'
        invoice = self.create_marked(pieces=2, codes=[code(1), code(2)])
        self.print_marked(invoice)
        [line] = self.sent().lines
        self.assertEqual((line.mark, line.quantity), ('', 2))

    def test_unmarked_goods_need_none(self):
        self.category.fiscal_marked = False
        self.print_marked(self.create_marked())
        self.assertEqual([line.mark for line in self.sent().lines], [''])

    def test_paid_in_parts_is_told_once(self):
        invoice = self.create_marked(pieces=1, price=100, codes=[code(1)])
        for amount in (40.0, 60.0):
            self.pay(self.create_linked_tx(invoice, amount=amount))
            self.work()
        first, second = self.till.printed.values()
        self.assertEqual([line.mark for one in (first, second) for line in one.lines],
                         [code(1), ''])

    def test_wrong_codes(self):
        for codes in (['код'], [code(1), code(1)], [code(1), code(2)]):
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.create_marked(pieces=1, codes=codes)

    def test_piece_is_sold_once(self):
        first = self.create_marked(pieces=1, codes=[code(1)])
        with self.assertRaisesRegex(UserError, first.name), self.env.cr.savepoint():
            self.create_marked(pieces=1, codes=[code(1)])
        self.create_marked(pieces=1, codes=[f'{code(1)}x'])

    def test_code_that_is_entered_later(self):
        first = self.create_marked(pieces=1, codes=[code(1)])
        second = self.create_marked(pieces=1)
        with self.assertRaisesRegex(UserError, first.name), self.env.cr.savepoint():
            second.invoice_line_ids.fiscal_marks = code(1)
        second.invoice_line_ids.fiscal_marks = code(2)

    def test_closing_twice_tells_of_a_piece_once(self):
        """ The document takes one part of a prepayment, and another one later. """
        invoice = self.create_marked(pieces=1, price=100, codes=[code(1)])
        transaction = self.pay(self.create_linked_tx(invoice, amount=40.0))
        self.work()
        self.work()
        receipt = transaction.fiscal_receipt_ids.sudo()
        told = transaction.sudo()._fiscal_told_codes
        source = f'account.move,{invoice.id}'
        self.assertEqual(told([code(1)], source), {code(1)})
        building = transaction.sudo().with_context(fiscal_building=receipt)
        self.assertFalse(building._fiscal_told_codes([code(1)], source))

    def test_piece_that_came_back_is_sold_again(self):
        invoice = self.create_marked(pieces=1, codes=[code(1)])
        note = invoice._reverse_moves()
        note.invoice_line_ids.fiscal_marks = code(1)
        note.action_post()
        again = self.create_marked(pieces=1, codes=[code(1)])
        self.assertEqual(again.state, 'posted')

    def test_return_of_a_piece(self):
        receipt = self.print_marked(self.create_marked(codes=[code(1), code(2), code(3)]))
        self.work()
        note = receipt.invoice_ids._reverse_moves()
        note.invoice_line_ids.write({'quantity': 1})
        note.invoice_line_ids.fiscal_marks = code(2)
        note.action_post()
        refund = receipt.transaction_id._create_child_transaction(33.34, is_refund=True)
        refund.invoice_ids = note
        back = self.env['fiscal.receipt'].sudo()._create_return(refund)
        if back.line_ids.mapped('mark') != [code(2)]:
            back._build_lines()
        self.assertEqual(back.line_ids.mapped('mark'), [code(2)])
        self.assertEqual(back.line_ids.mapped('total'), [33.34])

    def test_return_of_money_only(self):
        receipt = self.print_marked(self.create_marked(
            pieces=1, price=100, codes=[code(1)]))
        self.work()
        refund = receipt.transaction_id._create_child_transaction(40.0, is_refund=True)
        back = self.env['fiscal.receipt'].sudo()._create_return(refund)
        self.assertEqual((back.line_ids.mark, back.line_ids.total), ('', 40))
