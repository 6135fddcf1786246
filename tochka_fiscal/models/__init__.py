# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from . import register
from . import receipt
from . import problem
from . import settlement
from . import core
