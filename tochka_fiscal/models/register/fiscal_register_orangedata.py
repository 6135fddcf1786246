# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import base64

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.tochka_fiscal import tuning
from odoo.addons.tochka_fiscal.registers import base, keys
from odoo.addons.tochka_fiscal.registers.orangedata import OrangeData


class FiscalRegister(models.Model):
    """ OrangeData: a group of tills. The certificate and the key are read once, when they are
    uploaded, and kept without their passphrases.
    """

    _inherit = 'fiscal.register'

    orangedata_inn = fields.Char(
        string="INN of the tills", groups='base.group_system',
        default=lambda self: self.env.company.vat,
        help="To which the tills are registered.")
    orangedata_group = fields.Char(
        string="Group of tills", groups='base.group_system', default='Main_2',
        help="Stands in the cabinet of OrangeData. Groups with _2 have tills of FFD 1.2 only:"
             " choose the same format below.")
    orangedata_key_name = fields.Char(
        string="Name of the signing key", groups='base.group_system',
        help="Under which the public half of the signing key is entered in the cabinet; for shops"
             " of before February 2025 that is the INN.")
    orangedata_has_page = fields.Boolean(
        string="Buyers see receipts on OrangeData's site",
        help="Switch it on when the cabinet allows clients the access to receipts: customers get a"
             " link to cheques-lk.orangedata.ru then.")
    orangedata_authority = fields.Text(
        string="Authority of the service (PEM)", groups='base.group_system',
        help="Only where the service's own certificate is signed by no public authority.")

    # What is uploaded goes into the two fields below, and is not kept as it is.
    orangedata_certificate_file = fields.Binary(
        string="Client certificate", groups='base.group_system', compute='_compute_files',
        inverse='_inverse_client_files',
        help="The file .crt or .pem from the cabinet, or .p12 or .pfx with the key in it.")
    orangedata_key_file = fields.Binary(
        string="Key of the certificate", groups='base.group_system', compute='_compute_files',
        inverse='_inverse_client_files', help="Where it is a file of its own. Choose both at once.")
    orangedata_passphrase = fields.Char(
        string="Its passphrase", groups='base.group_system', compute='_compute_files',
        inverse='_inverse_client_files', help="It is used once, and not kept.")
    orangedata_sign_file = fields.Binary(
        string="Signing key", groups='base.group_system', compute='_compute_files',
        inverse='_inverse_sign_file',
        help="The private key whose public half is entered in the cabinet: PEM, or XML with"
             " RSAKeyValue as OrangeData hands it out.")
    orangedata_sign_passphrase = fields.Char(
        string="Passphrase of the signing key", groups='base.group_system',
        compute='_compute_files', inverse='_inverse_sign_file',
        help="It is used once, and not kept.")
    orangedata_client = fields.Text(groups='base.group_system', readonly=True, copy=False)
    orangedata_sign_key = fields.Text(groups='base.group_system', readonly=True, copy=False)
    has_certificate = fields.Boolean(compute='_compute_has_keys', compute_sudo=True)
    has_sign_key = fields.Boolean(compute='_compute_has_keys', compute_sudo=True)
    certificate_name = fields.Char(string="Certificate of", readonly=True, copy=False)

    # === COMPUTE METHODS === #

    def _compute_files(self):
        self.orangedata_certificate_file = self.orangedata_key_file = False
        self.orangedata_passphrase = self.orangedata_sign_passphrase = False
        self.orangedata_sign_file = False

    @api.depends('orangedata_client', 'orangedata_sign_key')
    def _compute_has_keys(self):
        for register in self:
            register.has_certificate = bool(register.orangedata_client)
            register.has_sign_key = bool(register.orangedata_sign_key)

    def _inverse_client_files(self):
        for register in self.filtered('orangedata_certificate_file'):
            client = register._orangedata_read(
                keys.read_client,
                base64.b64decode(register.orangedata_certificate_file),
                base64.b64decode(register.orangedata_key_file or b''),
                register.orangedata_passphrase or '')
            register.write({
                'orangedata_client': client.pem,
                'certificate_name': client.name,
                'certificate_until': client.until.replace(tzinfo=None),
            })

    def _inverse_sign_file(self):
        for register in self.filtered('orangedata_sign_file'):
            register.orangedata_sign_key = register._orangedata_read(
                keys.read_sign_key, base64.b64decode(register.orangedata_sign_file),
                register.orangedata_sign_passphrase or '')

    def _orangedata_read(self, read, *arguments):
        try:
            return read(*arguments)
        except keys.KeyProblem as error:
            raise ValidationError(self.env._(error.message)) from error

    # === CONSTRAINT METHODS === #

    @api.constrains('orangedata_authority')
    def _check_orangedata_authority(self):
        for register in self.sudo().filtered('orangedata_authority'):
            register._orangedata_read(keys.check_authority, register.orangedata_authority)

    # === BUSINESS METHODS === #

    def _orangedata_client(self):
        if not all((self.orangedata_inn, self.orangedata_group, self.orangedata_key_name,
                    self.orangedata_client, self.orangedata_sign_key)):
            raise base.Unauthorized(_(
                "Fill in INN, group and name of the signing key of the register %s, and upload the"
                " client certificate and the signing key.", self.name))
        if self.certificate_until <= fields.Datetime.now():
            raise base.Unauthorized(_(
                "The client certificate of the register %s has expired: upload a new one.",
                self.name))
        return OrangeData(
            self.url, self.orangedata_client, self.orangedata_sign_key, self.orangedata_inn,
            self.orangedata_group, self.orangedata_key_name, self.ffd, self.orangedata_has_page,
            self.orangedata_authority or '', tuning.REGISTER_TIMEOUT)
