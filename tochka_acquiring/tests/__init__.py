# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

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
from . import test_jobs
from . import test_oauth
from . import test_oauth_faults
from . import test_payer_input
from . import test_payment_apply
from . import test_payment_kind
from . import test_payment_link
from . import test_payment_posting
from . import test_payment_provider
from . import test_portal
from . import test_settlement
from . import test_shops
from . import test_translations
from . import test_try
from . import test_webhook
