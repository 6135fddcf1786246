# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import email_normalize, email_split

from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.api import details

# Kinds of fields that make a short text.
DETAILS_TYPES = ('char', 'integer', 'float', 'monetary', 'date', 'selection', 'many2one')


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
        string="Template",
        help="A text with tags in braces, for instance {payer}. A field of payer, client or"
             " document stands behind a dot, and what is written without a value behind a bar:"
             " {client.ref|no contract}.")
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
            try:
                used = provider._tochka_template_tags()
            except ValueError:  # It is still being typed.
                used = []
            provider.tochka_details_tags = tags
            provider.tochka_details_example = details.render(
                provider.tochka_details_template or '', {
                    **dict.fromkeys(used, '…'),
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
            wrong = [tag for tag in tags if not self._tochka_is_tag(tag)]
            if wrong:
                raise ValidationError(_(
                    "There is no tag %(wrong)s. Right are: %(right)s, and fields of payer, client"
                    " and document that everybody may see, for instance {payer.ref}.",
                    wrong=', '.join(f'{{{tag}}}' for tag in wrong),
                    right=', '.join(f'{{{tag}}}' for tag in self._tochka_tag_names())))

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
        """ Return the names of the built-in tags, in English and Russian. :rtype: list[str] """
        return [*const.DETAILS_TAGS, *const.DETAILS_TAGS.values()]

    @api.model
    def _tochka_is_tag(self, tag):
        """ Return whether a tag is a built-in one, or a field that makes a short text and that
        everybody may see.

        :param str tag: Without braces, for instance `payer.ref`.
        :rtype: bool
        """
        name, dot, field_name = tag.partition('.')
        if not dot:
            return tag in self._tochka_tag_names()
        models = self._tochka_both_names(
            {'payer': 'res.partner', 'client': 'res.partner', 'document': 'account.move'})
        field = self.env[models[name]]._fields.get(field_name) if name in models else None
        return bool(
            field and field.type in DETAILS_TYPES and not field.groups
            # The key of the portal would reach the bank's page and mails.
            and not field_name.endswith('token'))

    @api.model
    def _tochka_both_names(self, values):
        """ Return values by the English and the Russian names of the built-in tags.

        :param dict[str, object] values: The values by the English names.
        :rtype: dict[str, object]
        """
        return values | {const.DETAILS_TAGS[name]: value for name, value in values.items()}

    def _tochka_template_tags(self):
        """ Return the tags of the template. :rtype: list[str] """
        self.ensure_one()
        return details.find_tags(self.tochka_details_template or '')
