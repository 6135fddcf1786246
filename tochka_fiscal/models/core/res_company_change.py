# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import fields, models

from odoo.addons.tochka_acquiring.utils import bank_moment
from odoo.addons.tochka_fiscal import tuning

# What a change leaves for a person: code of the problem -> whether something is left to do.
TASKS = {
    'change_documents': lambda company, _day: company._fiscal_documents_without_vat()
    or company._fiscal_orders_without_vat(),
    'change_links': lambda company, day: company._fiscal_links_beyond(day),
    'change_taxes': lambda company, _day: company._fiscal_taxes_without_vat(),
}


class ResCompany(models.Model):
    """ What a change of taxation touches in a firm, and what a person has to do for it: each task
    is ticked off by itself as soon as Odoo sees that it is done.
    """

    _inherit = 'res.company'

    # === BUSINESS METHODS - WHAT IS TOUCHED === #

    def _fiscal_documents_without_vat(self):
        """ Return draft and unpaid invoices with a line that says no VAT in receipts.

        :rtype: account.move
        """
        self.ensure_one()
        moves = self.env['account.move'].sudo().search([
            ('company_id', 'child_of', self.id), ('move_type', '=', 'out_invoice'), '|',
            ('state', '=', 'draft'),
            '&', ('state', '=', 'posted'), ('payment_state', 'in', ('not_paid', 'partial'))])
        return moves.filtered(lambda move: self._fiscal_has_no_vat(
            move.invoice_line_ids.filtered(lambda line: line.display_type == 'product')))

    def _fiscal_orders_without_vat(self):
        """ Return quotations and orders that are not invoiced and have such a line.

        :return: Sale orders; none without the app for sales.
        :rtype: models.Model
        """
        self.ensure_one()
        if 'sale.order' not in self.env:
            return self.env['account.move']
        orders = self.env['sale.order'].sudo().search([
            ('company_id', 'child_of', self.id), ('state', 'in', ('draft', 'sent', 'sale')),
            ('invoice_status', '!=', 'invoiced')])
        return orders.filtered(lambda order: self._fiscal_has_no_vat(
            order.order_line.filtered(lambda line: not line.display_type)))

    def _fiscal_has_no_vat(self, lines):
        """ Return whether one of these lines says no VAT in receipts. :rtype: bool """
        return any(not line.tax_ids or 'none' in line.tax_ids.mapped('fiscal_vat')
                   for line in lines)

    def _fiscal_links_beyond(self, day):
        """ Return payments whose link is open longer than a day and prints what was fixed with it.

        :param date day: The first day of what is new, in Moscow.
        :rtype: payment.transaction
        """
        self.ensure_one()
        return self.env['payment.transaction'].sudo().search([
            ('company_id', 'child_of', self.id), ('state', '=', 'draft'),
            ('fiscal_receipt_ids.state', '=', 'waiting'),
            ('tochka_link_expires_at', '>', max(bank_moment(day), fields.Datetime.now()))])

    def _fiscal_taxes_without_vat(self):
        """ Return the taxes of sales that mean nothing in a receipt: what they stand in can't be
        printed. :rtype: account.tax """
        self.ensure_one()
        return self.env['account.tax'].sudo().search([
            ('company_id', 'child_of', self.id), ('type_tax_use', '=', 'sale'),
            ('fiscal_vat', '=', False)])

    def _fiscal_categories_without_tax(self):
        """ Return the categories of products that are sold without a tax: they take the VAT of the
        provider. :rtype: product.category """
        self.ensure_one()
        groups = self.env['product.template'].sudo().with_company(self)._read_group([
            ('company_id', 'in', (False, self.id)), ('sale_ok', '=', True),
            # Odoo gives a product the taxes of other companies by itself.
            ('taxes_id', 'not any', [('company_id', 'in', self.parent_ids.ids)]),
        ], ['categ_id'], limit=tuning.NAMED_IN_WARNINGS)
        return self.env['product.category'].sudo().browse(
            [category.id for [category] in groups if category])

    # === BUSINESS METHODS - WHAT IS LEFT TO DO === #

    def _fiscal_leave_tasks(self, day):
        """ Leave what a person has to do in the documents of this legal entity before a day. """
        self.ensure_one()
        for code, is_left in TASKS.items():
            if is_left(self, day):
                self.env['tochka.problem']._open(
                    self, code, severity='3_info', company=self, at=day)

    def _fiscal_give_up_tasks(self, day):
        """ End what a change has left to do that does not come after all; what the next one leaves
        stays.

        :param date day: The day of the change that was withdrawn.
        """
        self.ensure_one()
        problems = self.env['tochka.problem'].sudo()
        registers = self.env['fiscal.register'].sudo().search([('company_id', 'child_of', self.id)])
        left = problems.search([*problems._about(self), ('code', 'in', list(TASKS))]) + (
            problems.search([*problems._about(registers), ('code', '=', 'change_register')]))
        left.filtered(lambda problem: problem.params.get('at') == str(day))._end()
        following = [
            period for provider in self._fiscal_providers() for period in
            provider.sudo().fiscal_period_ids.filtered('is_planned') if period.vat != 'none']
        if following:
            self._fiscal_leave_tasks(min(period.date_from for period in following))

    def _fiscal_tick_off(self):
        """ End what was left to do and is done. """
        self.ensure_one()
        problems = self.env['tochka.problem'].sudo()
        for problem in problems.search([
            *problems._about(self), ('code', 'in', list(TASKS))]):
            if not TASKS[problem.code](self, fields.Date.to_date(problem.params['at'])):
                problem._end()
        registers = self.env['fiscal.register'].sudo().search([
            ('company_id', 'child_of', self.id)])
        for problem in problems.search([
            *problems._about(registers), ('code', '=', 'change_register')]):
            if problem._record()._prints_since(problem.params):
                problem._end()
