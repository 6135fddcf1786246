# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import SUPERUSER_ID, api
from odoo.fields import Command


def migrate(cr, _version):
    """ To put a receipt right is a right of its own: who administrates the books keeps it. """
    env = api.Environment(cr, SUPERUSER_ID, {})
    env.ref('account.group_account_manager').implied_ids = [
        Command.link(env.ref('tochka_fiscal.group_correct').id)]
