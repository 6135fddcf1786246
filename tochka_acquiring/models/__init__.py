# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from . import connection
from . import problem
from . import provider
from . import payment
from . import refund
from . import core
