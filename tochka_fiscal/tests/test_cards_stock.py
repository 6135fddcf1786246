# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.tochka_fiscal.tests.golden_documents import GoldenCommon
from odoo.addons.tochka_fiscal.tests.test_closing import run_closing


@tagged('post_install', '-at_install')
class TestGoldenCards(GoldenCommon):
    """ Gift cards: an advance when they are sold, a payment by tag 1215 when they are used. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if 'reward_id' not in cls.env.get('sale.order.line', cls.env['res.partner'])._fields:
            cls.skipTest(cls, "The loyalty app is not installed.")
        cls.certificate = cls.env['product.product'].sudo().create({
            'name': "Подарочная карта", 'type': 'service', 'taxes_id': False, 'list_price': 500,
            'invoice_policy': 'order'})
        cls.env['loyalty.program'].sudo().search([]).active = False
        cls.program = cls.env['loyalty.program'].sudo().create({
            'name': "Gift cards", 'program_type': 'gift_card', 'applies_on': 'future',
            'trigger': 'auto', 'company_id': cls.company.id, 'currency_id': cls.rub.id,
            'rule_ids': [Command.create({
                'reward_point_amount': 1, 'reward_point_mode': 'money', 'reward_point_split': True,
                'product_ids': [Command.set(cls.certificate.ids)]})],
            'reward_ids': [Command.create({
                'reward_type': 'discount', 'discount_mode': 'per_point', 'discount': 1,
                'discount_applicability': 'order', 'required_points': 1,
                'description': "Подарочная карта"})],
        })
        cls.goods = cls.env['product.product'].sudo().create({
            'name': "Учебник", 'type': 'consu', 'taxes_id': False, 'list_price': 600,
            'invoice_policy': 'order', 'categ_id': cls.category.id})

    def sell_card(self):
        """ Return the card and the printed receipt of its payment. """
        order = self.order((self.certificate, 1, 500, None), confirm=False)
        order._update_programs_and_rewards()
        order.action_confirm()
        receipt = self.pay_for(order)._fiscal_receipt()
        self.work()
        self.work()
        self.assertEqual(receipt.state, 'done', receipt.problem)
        return self.env['loyalty.card'].sudo().search([
            ('program_id', '=', self.program.id)], order='id desc', limit=1), receipt

    def use_card(self, card, quantity):
        """ Return a delivered order of goods that a card pays a part of. """
        order = self.order((self.goods, quantity, 600, self.in22), confirm=False)
        order._try_apply_code(card.code)
        rewards = order._get_claimable_rewards(forced_coupons=card)
        if not order.order_line.filtered('reward_id'):
            for coupon, reward in rewards.items():
                order._apply_program_reward(reward[:1], coupon)
        self.assertEqual(order.amount_total, max(600 * quantity - 500, 0))
        order.action_confirm()
        return order

    def hand_over(self, order):
        lines = order.order_line.filtered(lambda line: line.product_id == self.goods)
        lines.qty_delivered_method = 'manual'
        for line in lines:
            line.qty_delivered = line.product_uom_qty

    def test_card_is_sold_as_an_advance(self):
        _card, receipt = self.sell_card()
        self.assertRecordValues(receipt.line_ids, [{
            'fiscal_method': 'advance', 'fiscal_subject': 'payment', 'total': 500}])
        self.assertEqual(receipt.prepaid_left, 500)

    def test_gift_card_pays_a_part(self):
        card, advance = self.sell_card()
        order = self.use_card(card, 2)
        self.hand_over(order)
        transaction = self.pay_for(order)
        self.assertGolden(transaction)
        self.assertEqual(transaction.amount, 700)
        self.assertEqual(advance.prepaid_left, 0, "The advance is used.")

    def test_money_of_a_used_card_goes_back(self):
        """ What was paid with it is no advance any more: a person is asked. """
        card, advance = self.sell_card()
        order = self.use_card(card, 2)
        self.hand_over(order)
        self.pay_for(order)
        payment = advance.transaction_id
        self.bank.give_back(payment.tochka_operation_id, 500)
        self.refresh(payment)
        back = payment.child_transaction_ids._fiscal_receipt()
        self.assertEqual(back.state, 'failed')
        self.assertIn('receipt_failed', back.problem_ids.mapped('code'))

    def test_card_is_used_before_the_delivery(self):
        card, advance = self.sell_card()
        order = self.use_card(card, 2)
        receipt = self.pay_for(order)._fiscal_receipt()
        self.work()
        self.work()
        self.assertEqual(
            [(line.total, line.fiscal_method) for line in receipt.line_ids],
            [(700, 'prepayment')])
        self.assertEqual(advance.prepaid_left, 500)
        self.hand_over(order)
        run_closing(self.env, times=2, days=0)
        receipt.invalidate_recordset()
        self.assertRecordValues(receipt.closing_ids, [{
            'total': 1200, 'payments': {'prepaid': 120000}, 'card_total': 500}])
        self.assertEqual((receipt.prepaid_left, advance.prepaid_left), (0, 0))

    def test_card_pays_all(self):
        card, advance = self.sell_card()
        card.points = 600
        order = self.order((self.goods, 1, 500, self.in22), confirm=False)
        order._try_apply_code(card.code)
        for coupon, reward in order._get_claimable_rewards(forced_coupons=card).items():
            order._apply_program_reward(reward[:1], coupon)
        self.assertEqual(order.amount_total, 0)
        order.action_confirm()
        self.hand_over(order)
        run_closing(self.env, times=2, days=0)
        self.assertRecordValues(advance.closing_ids, [{
            'total': 500, 'payments': {'prepaid': 50000}, 'state': 'queued'}])
        self.assertEqual(advance.closing_ids.line_ids.mapped('name'), ["Учебник"])
        self.assertEqual(advance.prepaid_left, 0)
