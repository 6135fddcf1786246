# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import email_normalize, email_split

from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.api import details


class PaymentProvider(models.Model):
    """ What the payer reads, and who is told of a payment. """

    _inherit = 'payment.provider'

    tochka_notify_email = fields.Char(
        string="E-mail for notifications",
        help="Gets a message at each payment received. Several addresses with commas between.")
    tochka_client_info = fields.Text(
        string="Information for the client", translate=True,
        help="Shown on the payment page and beside the balance: prices, terms, or \"credited at"
             " once\".")
    tochka_details_mode = fields.Selection(
        string="Receipt details",
        selection=[
            ('document', "The document's lines"),
            ('template', "One line from a template"),
        ],
        required=True, default='document',
        help="What the payment is for, on the bank's page and in the receipt.")
    tochka_details_template = fields.Char(
        string="Template", help="A text with tags in braces, for instance {payer}.")
    tochka_details_example = fields.Char(
        string="Example", compute='_compute_tochka_details_example')
    tochka_details_tags = fields.Char(
        string="Tags", compute='_compute_tochka_details_example')

    # === COMPUTE METHODS === #

    @api.depends('tochka_details_mode', 'tochka_details_template')
    @api.depends_context('lang')
    def _compute_tochka_details_example(self):
        tags = ', '.join(f'{{{name}}}' for name in self._tochka_tag_names())
        for provider in self:
            provider.tochka_details_tags = tags
            provider.tochka_details_example = details.render(
                provider.tochka_details_template or '', {
                    **dict.fromkeys(self._tochka_tag_names(), '…'),
                    **self._tochka_both_names({
                        'payer': _("Sidorova Anna Ivanovna"),
                        'client': _("Sidorov Petya"),
                        'document': 'INV/2026/00001',
                        'amount': '1500.00',
                        'date': '01.09.2026',
                        'company': provider.company_id.name or '',
                    }),
                })

    # === CONSTRAINT METHODS === #

    @api.constrains('tochka_notify_email')
    def _check_tochka_notify_email(self):
        for provider in self.filtered('tochka_notify_email'):
            addresses = provider.tochka_notify_email.split(',')
            if any(not email_normalize(address) for address in addresses) or (
                len(email_split(provider.tochka_notify_email)) != len(addresses)
            ):
                raise ValidationError(_(
                    "%s is not an e-mail address. Write several with commas between.",
                    provider.tochka_notify_email))

    @api.constrains('tochka_details_mode', 'tochka_details_template')
    def _check_tochka_details_template(self):
        for provider in self.filtered(lambda p: p.code == 'tochka'):
            template = provider.tochka_details_template or ''
            try:
                tags = details.find_tags(template)
            except ValueError as error:
                raise ValidationError(self.env._(str(error))) from error
            if provider.tochka_details_mode == 'template' and not template.strip():
                raise ValidationError(_("Fill in the template of the receipt details."))
            right = self._tochka_tag_names()
            wrong = [tag for tag in tags if tag not in right]
            if wrong:
                raise ValidationError(_(
                    "There is no tag %(wrong)s. Right are: %(right)s.",
                    wrong=', '.join(f'{{{tag}}}' for tag in wrong),
                    right=', '.join(f'{{{tag}}}' for tag in right)))

    # === ACTION METHODS === #

    def action_tochka_details_neutral(self):
        """ Fill in a template that fits any business. """
        self.write({
            'tochka_details_mode': 'template', 'tochka_details_template': const.DETAILS_NEUTRAL,
        })

    def action_tochka_details_school(self):
        """ Fill in the template of the guide: who pays for whose lessons. """
        self.write({
            'tochka_details_mode': 'template', 'tochka_details_template': const.DETAILS_SCHOOL,
        })

    # === BUSINESS METHODS === #

    @api.model
    def _tochka_tag_names(self):
        """ Return the names of all tags: built-in, in English and Russian, and own.

        :rtype: list[str]
        """
        own = self.env['tochka.details.tag'].sudo().search([]).mapped('name')
        return [*const.DETAILS_TAGS, *const.DETAILS_TAGS.values(), *own]

    @api.model
    def _tochka_both_names(self, values):
        """ Return values by the English and the Russian names of the built-in tags.

        :param dict[str, str] values: The values by the English names.
        :rtype: dict[str, str]
        """
        return values | {const.DETAILS_TAGS[name]: value for name, value in values.items()}

    def _tochka_template_tags(self):
        """ Return the tags of the template. :rtype: list[str] """
        self.ensure_one()
        return details.find_tags(self.tochka_details_template or '')
