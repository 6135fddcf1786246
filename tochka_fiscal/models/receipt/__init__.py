# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.
""" The receipt: its role, the queue, the attempts. """

from . import fiscal_receipt
from . import fiscal_receipt_bank
from . import fiscal_receipt_build
from . import fiscal_receipt_call
from . import fiscal_receipt_cards
from . import fiscal_receipt_closing
from . import fiscal_receipt_closing_due
from . import fiscal_receipt_confirm
from . import fiscal_receipt_correction
from . import fiscal_receipt_lane
from . import fiscal_receipt_line
from . import fiscal_receipt_mismatch
from . import fiscal_receipt_queue
from . import fiscal_receipt_return
from . import fiscal_receipt_show
from . import fiscal_receipt_taken_back
from . import fiscal_receipt_test
from . import fiscal_attempt
from . import fiscal_offset
