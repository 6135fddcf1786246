# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.
""" Short extensions of `account.*`, `ir.*` and `res.*`. """

from . import account_journal
from . import account_move
from . import account_move_advance
from . import account_move_discount
from . import account_partial_reconcile
from . import account_payment
from . import account_payment_fixed
from . import base
from . import ir_cron
from . import ir_default
from . import res_company
from . import res_config_settings
from . import res_partner
