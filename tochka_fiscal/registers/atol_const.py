# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" Neutral name -> word of ATOL Online, and the numbers of its errors.

Sources: the service's description of the protocol v4, version 5.23 of 2025-12-09, as transcribed in
github.com/ai-iskuzhin/AtolOnlineNet; of v5 the models in github.com/ili/atol-online (2025-12).
"""

# Format of fiscal data -> version of the protocol; a group of tills has one of them.
VERSIONS = {'1.05': 'v4', '1.2': 'v5'}

# Kind -> operation, and operation of its correction. v4 corrects only what no till was used for.
OPERATIONS = {'income': 'sell', 'income_return': 'sell_refund'}
CORRECTIONS = {
    'v4': {'income': 'sell_correction'},
    'v5': {'income': 'sell_correction', 'income_return': 'sell_refund_correction'},
}
# Taxation systems, methods and rates are called by ATOL as by us.
FISCAL_SUBJECTS_V4 = {
    'goods': 'commodity', 'work': 'job', 'service': 'service', 'payment': 'payment',
    'other': 'another',
}
MARKED_GOODS = 33  # Tag 1212 of goods with a marking code, FFD 1.2.
PLANNED_STATUSES = {'income': 1, 'income_return': 3}  # Tag 2003: a piece is sold, comes back.
PAYMENT_TYPES = {'cash': 0, 'cashless': 1, 'prepaid': 2, 'credit': 3, 'counter': 4}
AGENTS = {
    'bank_payment_agent': 'bank_paying_agent',
    'bank_payment_subagent': 'bank_paying_subagent',
    'payment_agent': 'paying_agent',
    'payment_subagent': 'paying_subagent',
    'solicitor': 'attorney',
    'commissionaire': 'commission_agent',
    'agent': 'another',
}

MAX_ITEMS = 100
MAX_MEASURE = 16  # Tag 1197.
TIMESTAMP = '%d.%m.%Y %H:%M:%S'
DATE = '%d.%m.%Y'
TIME_ZONE = 'Europe/Moscow'

# Errors, by number.
BAD_TOKEN = (10, 11)
BAD_ACCESS = (12, 13, 14, 20, 21)  # login, its form, blocked, foreign group, group of the other FFD
REFUSED = (30, 31, 32)  # unknown number, operation, document
KNOWN_ALREADY = 33
NOT_READY = 34
