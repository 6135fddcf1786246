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
MAX_RATES = 6  # Rates of VAT on a correction of v4.
MAX_MEASURE = 16  # Tag 1197.
MAX_MARK = 32  # Tag 1300, a code of no known form.
MAX_GS1_MARK = 200  # Tag 1305, in Base64.
TIMESTAMP = '%d.%m.%Y %H:%M:%S'
DATE = '%d.%m.%Y'
TIME_ZONE = 'Europe/Moscow'

# === ERRORS, BY NUMBER === #

BAD_TOKEN = (10, 11)
BAD_CREDENTIALS = (12, 13, 14)  # login or password, their form, blocked
BAD_ACCESS = (12, 14, 20, 21)  # foreign group, group of the other FFD
# Form, unknown number, operation, document, kind of content: "the document is not registered".
REFUSED = (13, 30, 31, 32, 41)
KNOWN_ALREADY = 33
NOT_READY = 34
# The service's own; 0, 1, 40 and 50 do not say whether the document was taken.
SERVICE_ERRORS = (0, 1, 10, 11, 12, 13, 14, 20, 21, 30, 31, 32, 33, 34, 40, 41, 50)
# `error.type` of what became of a document.
DOCUMENT_ERRORS = ('driver', 'agent', 'timeout')
