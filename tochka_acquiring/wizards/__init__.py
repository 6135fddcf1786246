# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from . import payment_refund_wizard
from . import tochka_problem_close
from . import tochka_refund_note
from . import tochka_refund_record
from . import tochka_try
