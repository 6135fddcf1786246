# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from . import test_agent
from . import test_bank_details
from . import test_bank_register
from . import test_callback
from . import test_closing
from . import test_closing_books
from . import test_closing_orders
from . import test_confirm
from . import test_correction
from . import test_golden
from . import test_golden_amounts
from . import test_golden_orders
from . import test_items
from . import test_items_orders
from . import test_portal
from . import test_provider
from . import test_queue
from . import test_receipt
from . import test_return
from . import test_translations
