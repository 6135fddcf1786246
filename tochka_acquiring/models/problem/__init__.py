# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.
""" What needs a person. """

from . import tochka_problem
from . import tochka_problem_text
from . import tochka_problem_connection
from . import tochka_problem_payment
from . import tochka_problem_refund
from . import payment_provider_problem
from . import payment_transaction_problem
