# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from importlib.util import find_spec

from . import test_accounts
from . import test_advance
from . import test_balance
from . import test_balance_portal
from . import test_connection
from . import test_connection_health
from . import test_connection_http
from . import test_connection_key
from . import test_connection_security
from . import test_connection_webhook
from . import test_details
from . import test_doors
from . import test_jobs
from . import test_jobs_silence
from . import test_jobs_time
from . import test_money_invoices
from . import test_money_orders
from . import test_money_orders_back
from . import test_oauth
from . import test_oauth_faults
from . import test_oauth_problems
from . import test_oauth_tokens
from . import test_payer_input
from . import test_payment_apply
from . import test_payment_kind
from . import test_payment_link
from . import test_overrides
from . import test_own_defaults
from . import test_payment_posting
from . import test_payment_provider
from . import test_portal
from . import test_posting_batch
from . import test_problem
from . import test_problem_language
from . import test_refund
from . import test_refund_faults
from . import test_refund_history
from . import test_refund_books
from . import test_safeguards
from . import test_settlement
from . import test_rights
from . import test_rights_table
from . import test_shops
from . import test_strangers
from . import test_sweep
from . import test_translations
from . import test_try
from . import test_webhook
from . import test_webhook_speed

if find_spec('hypothesis'):  # bin/test has it, a server of Odoo need not
    from . import test_money_invariant
