# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from . import test_callback
from . import test_confirm
from . import test_items
from . import test_items_orders
from . import test_portal
from . import test_provider
from . import test_queue
from . import test_receipt
from . import test_translations
