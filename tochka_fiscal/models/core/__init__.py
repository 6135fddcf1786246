# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.
""" Short extensions of models of Odoo. """

from . import account_move
from . import account_partial_reconcile
from . import account_payment
from . import ir_module_module
from . import payment_provider
from . import payment_provider_method
from . import payment_provider_period
from . import res_company
from . import res_company_change
from . import res_company_law
from . import res_config_settings
from . import res_partner
