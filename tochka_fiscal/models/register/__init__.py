# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.
""" The till: its service, pace and health. """

from . import fiscal_register
from . import fiscal_register_atol
from . import fiscal_register_komtet
from . import fiscal_register_orangedata
from . import fiscal_register_paykeeper
from . import fiscal_register_pace
from . import fiscal_register_page
from . import fiscal_register_certificate
from . import fiscal_register_change
from . import payment_provider_register
