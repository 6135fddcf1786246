# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from . import balance
from . import oauth
from . import payment
from . import portal
from . import webhook
