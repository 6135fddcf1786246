# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" The law's values, by neutral names. Free of Odoo, so that plain-Python parts can use it.

Sources, as of 2026-04:
* FFD: formats of fiscal documents, order of the Federal Tax Service ED-7-20/662@, tags 1055, 1199,
  1212 and 1214; the VAT rate of 22 % since 2026-01-01 (Federal Law 425-FZ).
* API: the bank's OpenAPI description (https://enter.tochka.com/doc/openapi/swagger.json), v1.91,
  `payments_with_receipt`.
"""

from datetime import date

# === TAXATION SYSTEM, TAG 1055 === #

# Name -> bit of the tag. ENVD (8) ended in 2021. Source: FFD.
TAXATION_SYSTEMS = {
    'osn': 1,
    'usn_income': 2,
    'usn_income_outcome': 4,
    'esn': 16,
    'patent': 32,
}

# === VAT, TAG 1199 === #

# Name -> value of the tag. Source: FFD. 20 % goes on for returns and corrections of before 2026.
VATS = {
    'vat20': 1,
    'vat10': 2,
    'vat120': 3,
    'vat110': 4,
    'vat0': 5,
    'none': 6,
    'vat5': 7,
    'vat7': 8,
    'vat105': 9,
    'vat107': 10,
    'vat22': 11,
    'vat122': 12,
}

# From this day 22 % takes the place of 20 %. Source: Federal Law 425-FZ of 2025-11-28.
VAT22_SINCE = date(2026, 1, 1)

# Rate -> calculated rate, for money that comes before the goods (tax code of Russia, article 164,
# paragraph 4; letter of the Federal Tax Service ED-4-20/12717 of 2018-07-03).
CALCULATED_VATS = {
    'vat5': 'vat105',
    'vat7': 'vat107',
    'vat10': 'vat110',
    'vat20': 'vat120',
    'vat22': 'vat122',
}

# Rate -> percents of the price without it. Source: FFD.
VAT_PERCENTS = {
    'none': 0, 'vat0': 0, 'vat5': 5, 'vat7': 7, 'vat10': 10, 'vat20': 20, 'vat22': 22,
    'vat105': 5, 'vat107': 7, 'vat110': 10, 'vat120': 20, 'vat122': 22,
}

# Year -> roubles of income up to which who is on the simplified system may have a reduced rate:
# 250 and 450 million (Tax Code, article 164, paragraph 8, subparagraphs 1 and 2), times the
# coefficient of the year: 1 in 2025, 1.090 in 2026 (order of the Ministry of Economic Development
# 734 of 2025-11-06; its.1c.ru/db/content/newscomm/src/496947.htm). That of 2027 is not here: nobody
# has confirmed it. Checked 2026-11-30.
REDUCED_LIMITS = {
    2025: {'vat5': 250_000_000, 'vat7': 450_000_000},
    2026: {'vat5': 272_500_000, 'vat7': 490_500_000},
}

# === FISCAL METHOD, TAG 1214 === #

# Name -> value of the tag. Source: FFD.
FISCAL_METHODS = {
    'full_prepayment': 1,
    'prepayment': 2,
    'advance': 3,
    'full_payment': 4,
    'partial_payment': 5,
    'credit': 6,
    'credit_payment': 7,
}

# Money that comes before the goods, and how it is settled when they are handed over (FFD; letter of
# the Federal Tax Service ED-4-20/12717 of 2018-07-03).
PREPAID_METHODS = ('full_prepayment', 'prepayment', 'advance')
CLOSING_METHOD = 'full_payment'

# === FISCAL SUBJECT, TAG 1212 === #

# Name -> value of the tag, those that a sale through a portal needs. Source: FFD.
FISCAL_SUBJECTS = {
    'goods': 1,
    'work': 3,
    'service': 4,
    'payment': 10,
    'other': 13,
}
MARKED_GOODS = 33  # Tag 1212 of goods with a marking code. Source: FFD.
# Kind -> tag 2003 of one piece: it is sold, it comes back. Source: FFD.
PLANNED_STATUSES = {'income': 1, 'income_return': 3}

# === THE REST OF A RECEIPT === #

# Name -> value of tag 1054. Source: FFD.
KINDS = {
    'income': 1,
    'income_return': 2,
}

# Name -> tag of the sum. Source: FFD.
PAYMENT_TYPES = {
    'cash': 1031,
    'cashless': 1081,
    'prepaid': 1215,
    'credit': 1216,
    'counter': 1217,
}

# Value of tag 2108 -> what it measures, as the bank writes it. Source: FFD; API, `measure`.
MEASURES = {
    0: 'шт.',
    10: 'г.', 11: 'кг.', 12: 'т.',
    20: 'см.', 21: 'дм.', 22: 'м.',
    30: 'см2.', 31: 'дм2.', 32: 'м2.',
    40: 'мл.', 41: 'л.', 42: 'м3',
    50: 'кВт.ч.', 51: 'Гкал.',
    70: 'дн.', 71: 'ч.', 72: 'мин.', 73: 'сек.',
    80: 'Кб.', 81: 'Мб.', 82: 'Гб.', 83: 'Тб.',
    255: '',
}

# Name -> bit of tag 1222. Source: FFD.
AGENTS = {
    'bank_payment_agent': 1,
    'bank_payment_subagent': 2,
    'payment_agent': 4,
    'payment_subagent': 8,
    'solicitor': 16,
    'commissionaire': 32,
    'agent': 64,
}

MAX_NAME = 128  # Tag 1030. Source: FFD.
MAX_CONTACT = 64  # Tag 1008. Source: FFD.
MAX_ORDER = 32  # Tag 1179. Source: FFD.
MAX_SIGN = 16  # Tag 1192. Source: FFD.
QUANTITY_DIGITS = 6  # Decimals of tag 1023. Source: FFD.

# === THE BANK'S REGISTER === #

# What `payments_with_receipt` takes. Source: API. It knows no marking codes, no advances, no credit
# and no partial prepayments, and multiplies price and quantity itself.
BANK_TAXATION_SYSTEMS = set(TAXATION_SYSTEMS)
BANK_VATS = set(VATS) - {'vat20', 'vat120'}
BANK_FISCAL_METHODS = {'full_payment', 'full_prepayment'}
BANK_FISCAL_SUBJECTS = {'goods', 'service', 'work'}

# === THE QUEUE === #

# Roles of receipts that repeat another one, and go where that was printed.
FOLLOWING_ROLES = ('return', 'reversal', 'right')
# Those whose lines stay as they were made, and of which no buyer is told.
FIXED_ROLES = ('reversal', 'right', 'test')
# Role -> the method that makes its lines.
LINES_BY_ROLE = {
    'payment': '_payment_lines', 'closing': '_closing_lines', 'return': '_return_lines'}
# Receipts whose money is known to have come: only then what it has paid for can be closed.
CLOSABLE_STATES = ('done', 'delegated')
# State and kind of a receipt -> how its sum counts among what is printed. Whether the bank's
# register prints a return is not known.
PRINTED_SIGNS = {
    ('done', 'income'): 1,
    ('done', 'income_return'): -1,
    ('delegated', 'income'): 1,
}
# What is next: which call (`sending`; `accepted`, asked how far it is; `repeated`, sent again since
# it can't be asked about otherwise; `forgotten`, sent again since the register has just said that
# it knows nothing of it), whether it may have been taken before (None: either), what the call has
# ended as (a class of `registers.base`: the nearest of its bases that stands here), and the method
# of `fiscal.receipt`. The same table in words: docs/fiscal.md.
_SENT = ('sending', 'forgotten', 'repeated')
_REFUSED = ('Rejected', 'Unsupported', 'ReceiptError')
NEXT_STEPS = (
    (_SENT, None, ('Result',), '_apply'),
    (_SENT, None, ('Duplicate',), '_await_taken'),
    (('sending',), False, _REFUSED, '_stop'),
    (('sending',), True, _REFUSED, '_await_lost'),
    (('forgotten',), None, _REFUSED, '_stop'),
    (('repeated',), None, _REFUSED, '_ask_for_fate'),
    (_SENT, None, ('NotSent', 'Unauthorized'), '_queue_again'),
    (_SENT, None, ('OutcomeUnknown',), '_repeat'),
    (('accepted',), None, ('Result',), '_apply'),
    (('accepted',), None, ('NotSent', 'Unauthorized'), '_stay'),
    (('accepted',), True, ('NotFound',), '_repeat_now'),
    (('accepted',), False, ('NotFound',), '_ask_later'),
    (('accepted',), None, ('OutcomeUnknown',), '_ask_when_well'),
    (('accepted',), None, ('RegisterError',), '_ask_later'),
)
# A closing receipt that was not sent yet can be taken back.
REVOCABLE_STATES = ('queued', 'failed')
# What the register has still to print.
WAITING_STATES = ('queued', 'sending', 'unknown', 'accepted')
# What an hour after the money a person must look at.
UNPRINTED_STATES = (*WAITING_STATES, 'failed')

MAX_ADDRESS = 256  # Tag 1187. Source: FFD.
CALLBACK_ROUTE = '/fiscal/callback/{register}'
# Kind of a register -> what tells one account of the service from another: a key is printed once in
# each.
REGISTER_ACCOUNTS = {
    'komtet': ('shop', 'queue'),
    'atol': ('atol_inn', 'atol_group'),
    'orangedata': ('orangedata_inn', 'orangedata_group'),
    'paykeeper': ('paykeeper_user',),
    'bank': ('merchant_id',),
}
# A receipt is made at the moment of the settlement; after an hour a person is asked. Source:
# Federal Law 54-FZ, article 1.2.
OVERDUE_MINUTES = 60
# Kind of a register -> where its service lies, and seconds between two calls for each of its tills.
# Source: the services' own clients and descriptions, named in `registers/`.
REGISTER_URLS = {
    'komtet': 'https://kassa.komtet.ru',
    'atol': 'https://online.atol.ru/possystem',
    'orangedata': 'https://api.orangedata.ru:12003',
}
PACES = {'atol': 1, 'orangedata': 1}
REGISTER_TROUBLES = ('register_refused', 'register_silent')  # Problems that a good answer ends.

# === THE CUSTOMER === #

# Of these receipts the customer is told nothing: no receipt is on its way.
HIDDEN_STATES = ('waiting', 'void')
PORTAL_ROUTE = '/my/fiscal-receipts'

# === PROBLEMS === #

# State of a receipt -> the problems that are gone with it, see `tochka.problem`.
_UNPRINTED = ('receipt_failed', 'receipt_overdue', 'receipt_fate', 'receipt_return')
RECEIPT_PROBLEM_ENDS = {
    'waiting': _UNPRINTED,
    'void': _UNPRINTED,
    'queued': ('receipt_failed', 'receipt_fate', 'receipt_return'),
    'failed': ('receipt_overdue', 'receipt_fate', 'receipt_return'),
    'delegated': _UNPRINTED,
    'done': _UNPRINTED,
}

# === REGISTERS === #

# Fields of a register that hold no spaces, whatever people paste: addresses, numbers, passwords.
REGISTER_CODES = (
    'url', 'public_url',
    'shop', 'secret', 'queue',  # KOMTET
    'atol_login', 'atol_password', 'atol_group', 'atol_inn', 'atol_sender',
    'orangedata_inn', 'orangedata_group', 'orangedata_key_name',
    'paykeeper_user', 'paykeeper_return_type',
)
