# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import urllib.parse

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import urls

from odoo.addons.tochka_fiscal import const, tuning
from odoo.addons.tochka_fiscal.registers import base, transport


class FiscalRegister(models.Model):
    """ An online register (till) of a company, and how Odoo reaches it. """

    _name = 'fiscal.register'
    _description = "Fiscal register"
    _inherit = ['mail.thread', 'mail.activity.mixin']
    _check_company_auto = True
    _order = 'company_id, name, id'

    name = fields.Char(string="Name", required=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        string="Company", comodel_name='res.company', required=True,
        default=lambda self: self.env.company)
    kind = fields.Selection(
        string="Cash register service",
        selection=[
            ('komtet', "KOMTET Kassa"),
            ('atol', "ATOL Online"),
            ('orangedata', "OrangeData"),
            ('paykeeper', "PayKeeper"),
            ('bank', "Tochka Bank's fiscal partner"),
        ],
        required=True, default='komtet')
    merchant_id = fields.Many2one(
        string="Shop (merchant)", comodel_name='tochka.merchant', readonly=True, copy=False,
        ondelete='restrict', help="The shop at the bank to which the register is connected.")
    url = fields.Char(
        string="Address of the service", compute='_compute_url', store=True, readonly=False,
        precompute=True, groups='base.group_system')
    ffd = fields.Selection(
        string="Format of fiscal data", selection=[('1.2', "FFD 1.2"), ('1.05', "FFD 1.05")],
        required=True, default='1.2',
        help="The version to which the register is set. It stands in the registration of the till"
             " and on its receipts, tag 1209.")
    address = fields.Char(
        string="Settlement address", required=True,
        default=lambda self: self.env.company.website or self.get_base_url(),
        help="Tag 1187: the address of the site on which customers pay.")
    public_url = fields.Char(
        string="Public address of this Odoo", copy=False, default=lambda self: self.get_base_url(),
        help="Where the service sends the results. It signs them together with this address, so"
             " that it must stay as the service was given it.")
    callback_url = fields.Char(
        string="Address for results", compute='_compute_callback_url',
        help="It goes with each receipt. Enter it in the cabinet of the service as well, as the"
             " address of success and of failure.")

    #  draft ──checked──► ready ◄──► passive (the queue is switched off at the service)
    #                       └──the service refuses──► attention ──checked──► ready
    state = fields.Selection(
        string="State",
        selection=[
            ('draft', "Not checked"),
            ('ready', "Prints"),
            ('passive', "Switched off at the service"),
            ('attention', "Needs attention"),
        ],
        required=True, readonly=True, default='draft', copy=False, tracking=True)
    responsible_id = fields.Many2one(
        string="Responsible", comodel_name='res.users', copy=False,
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        help="Who is asked when something about receipts needs a person. If it is empty, the"
             " company's first accountant is.")
    problem_ids = fields.One2many(
        string="Open problems", comodel_name='tochka.problem', inverse_name='res_id',
        domain=[('res_model', '=', 'fiscal.register'), ('closed_at', '=', False)], readonly=True)
    checked_at = fields.Datetime(string="Last checked at", readonly=True, copy=False)

    _merchant_uniq = models.Constraint(
        'unique(merchant_id)', "A shop has one register at the bank.")

    # === COMPUTE METHODS === #

    @api.depends('kind')
    def _compute_url(self):
        for register in self:
            register.url = const.REGISTER_URLS.get(register.kind, '')

    @api.depends('public_url')
    def _compute_callback_url(self):
        for register in self:
            register.callback_url = register._origin.id and urls.urljoin(
                register.public_url or register.get_base_url(),
                const.CALLBACK_ROUTE.format(register=register._origin.id))

    # === CONSTRAINT METHODS === #

    @api.constrains('url', 'kind')
    def _check_url(self):
        for register in self.sudo():
            try:
                if register.kind != 'bank':
                    transport.check_url(register.url or '')
            except ValueError as error:
                raise ValidationError(_(
                    "The address of the service must look like https://kassa.example.com."
                )) from error

    @api.constrains('public_url')
    def _check_public_url(self):
        for register in self.filtered('public_url'):
            url = urllib.parse.urlsplit(register.public_url)
            if url.scheme not in ('http', 'https') or not url.hostname or url.path.strip('/'):
                raise ValidationError(_(
                    "The public address must look like https://odoo.example.com, without a path."))

    @api.constrains('address')
    def _check_address(self):
        for register in self:
            if len(register.address) > const.MAX_ADDRESS:
                raise ValidationError(_(
                    "The settlement address must have at most %s characters.", const.MAX_ADDRESS))

    # === CRUD METHODS === #

    def write(self, vals):
        """ Override to take pasted spaces away, and to keep the account while an answer is
        awaited. """
        accounts = {register: register._account() for register in self}
        res = super().write(self._strip(vals))
        for register, account in accounts.items():
            if register._account() != account:
                register._check_nothing_awaited()
        if 'certificate_until' in vals:
            for register in self:
                register._look_at_certificate()
        return res

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._strip(vals) for vals in vals_list])

    @api.model
    def _strip(self, vals):
        return {
            name: ''.join(value.split())
            if name in const.REGISTER_CODES and value else value
            for name, value in vals.items()
        }

    # === BUSINESS METHODS === #

    def _account(self):
        """ Return which service this is, and which shop, queue or group in it: whoever is asked
        under the same number in another one prints a second receipt.

        :rtype: str
        """
        self.ensure_one()
        register = self.sudo()
        names = const.REGISTER_ACCOUNTS[register.kind]
        return ' '.join(str(register[name] or '-') for name in ('kind', 'url', *names))

    def _check_nothing_awaited(self):
        """ :raise UserError: If the answer about a receipt is still awaited from this register. """
        self.ensure_one()
        awaited = self.env['fiscal.attempt'].sudo().search([
            ('register_id', '=', self.id), ('outcome', '=', False), '|',
            ('maybe_taken', '=', True),
            ('receipt_id.state', 'in', ('sending', 'unknown', 'accepted')),
        ])
        if awaited:
            raise UserError(_(
                "The register %(register)s has receipts whose fate is not known yet, among them"
                " %(receipts)s: sent to another service, shop or group, they would be printed"
                " twice. Wait for its answer, or make another register and choose it in the"
                " provider.",
                register=self.name,
                receipts=', '.join(awaited.receipt_id[:tuning.NAMED_IN_WARNINGS].mapped('name'))))

    def _is_in_use(self):
        """ Return whether people still print with this register. :rtype: bool """
        self.ensure_one()
        return self.active and self.state != 'attention'

    def _client(self):
        """ Return the register of `registers/` for this record.

        :rtype: base.Register
        :raise Unsupported: If it is the bank's, which is no service that could be asked.
        :raise Unauthorized: If the credentials are not filled in, or are none.
        """
        self.ensure_one()
        return getattr(self.sudo(), f'_{self.kind}_client')()

    def _bank_client(self):
        raise base.Unsupported(_(
            "The bank's register prints nothing but receipts of online payments: print this one"
            " by hand."))

    def _repeats(self):
        """ Return whether the register surely prints a key once, however often it is sent.

        :rtype: bool
        """
        return self.kind != 'paykeeper' or self.paykeeper_repeats

    def _report_problem(self, error):
        """ Keep why the register can't be used, and ask a person once until it is well again.

        :param RegisterError error: What happened.
        """
        self.ensure_one()
        register = self.sudo()
        self.env['tochka.problem']._open(register, 'register_refused', error=error)
        if register.state != 'attention':
            register.state = 'attention'

    def _responsible(self):
        """ Return the user who is asked to look at problems. :rtype: res.users """
        self.ensure_one()
        chosen = self.responsible_id
        return chosen if chosen.active else self.company_id._tochka_accountant()
