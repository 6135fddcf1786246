# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.
""" What needs a person about registers and receipts. """

from . import tochka_problem_change
from . import tochka_problem_fiscal
from . import tochka_problem_law
from . import tochka_problem_notice
from . import tochka_problem_registers
from . import tochka_problem_settlement
