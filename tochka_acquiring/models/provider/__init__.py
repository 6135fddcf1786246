# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.
""" One shop of one company: what it is for, who may pay by it, its form. """

from . import payment_provider
from . import payment_provider_choice
from . import payment_provider_kind
from . import payment_provider_page
from . import payment_provider_shop
