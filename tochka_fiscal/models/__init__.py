# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from . import fiscal_register
from . import fiscal_register_atol
from . import fiscal_register_komtet
from . import fiscal_register_orangedata
from . import fiscal_register_paykeeper
from . import fiscal_register_pace
from . import fiscal_register_page
from . import fiscal_register_certificate
from . import fiscal_receipt
from . import fiscal_receipt_bank
from . import fiscal_receipt_build
from . import fiscal_receipt_closing
from . import fiscal_receipt_confirm
from . import fiscal_receipt_lane
from . import fiscal_receipt_line
from . import fiscal_receipt_queue
from . import fiscal_receipt_return
from . import fiscal_receipt_show
from . import fiscal_receipt_test
from . import fiscal_attempt

from . import account_move
from . import account_payment
from . import account_tax
from . import payment_provider
from . import payment_provider_method
from . import payment_provider_register
from . import payment_transaction
from . import payment_transaction_bank
from . import payment_transaction_closing
from . import payment_transaction_items
from . import payment_transaction_return
from . import payment_transaction_rules
from . import product_category
from . import res_partner
from . import uom_uom
