# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from . import fiscal_change
from . import fiscal_correction
from . import fiscal_missed
from . import fiscal_resolve
from . import fiscal_test
from . import payment_refund_wizard
