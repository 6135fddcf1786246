# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.
""" Money that goes back: the intent, its sending, the bank's history. """

from . import tochka_refund
from . import tochka_refund_send
from . import tochka_refund_book
from . import account_move_refund
from . import payment_transaction_refund
from . import payment_transaction_refund_apply
