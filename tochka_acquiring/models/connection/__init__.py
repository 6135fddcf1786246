# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.
""" The bank: consent, tokens, notifications, legal entities, shops and accounts. """

from . import tochka_account
from . import tochka_authorization
from . import tochka_connection
from . import tochka_connection_data
from . import tochka_connection_health
from . import tochka_connection_oauth
from . import tochka_connection_permission
from . import tochka_connection_silence
from . import tochka_connection_trust
from . import tochka_connection_webhook
from . import tochka_legal_entity
from . import tochka_legal_entity_sweep
from . import tochka_merchant
from . import tochka_token
from . import tochka_webhook_event
from . import tochka_webhook_event_lane
from . import tochka_webhook_key
