# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from . import account_move
from . import account_move_advance
from . import account_partial_reconcile
from . import account_payment
from . import payment_link_wizard
from . import payment_provider
from . import payment_provider_kind
from . import payment_transaction
from . import payment_transaction_apply
from . import payment_transaction_document
from . import payment_transaction_link
from . import payment_transaction_poll
from . import payment_transaction_posting
from . import payment_transaction_topup
from . import res_company
from . import res_config_settings
from . import res_partner
from . import tochka_connection
from . import tochka_connection_data
from . import tochka_connection_webhook
from . import tochka_legal_entity
from . import tochka_merchant
from . import tochka_webhook_event
from . import tochka_webhook_key
