# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.
""" A payment's way, a file a step: document, link, operation, books, jobs. """

from . import payment_link_wizard
from . import payment_transaction
from . import payment_transaction_allowed
from . import payment_transaction_apply
from . import payment_transaction_details
from . import payment_transaction_document
from . import payment_transaction_jobs
from . import payment_transaction_link
from . import payment_transaction_money
from . import payment_transaction_posting
from . import payment_transaction_posting_batch
from . import payment_transaction_request
from . import payment_transaction_topup
