# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.
""" What was sold, to whom and how it was paid. """

from . import account_move_line
from . import account_tax
from . import fiscal_period
from . import payment_transaction
from . import payment_transaction_bank
from . import payment_transaction_cards
from . import payment_transaction_closing
from . import payment_transaction_delivery
from . import payment_transaction_items
from . import payment_transaction_marks
from . import payment_transaction_return
from . import payment_transaction_rules
from . import payment_transaction_topup
from . import product_category
from . import tochka_refund
from . import uom_uom
