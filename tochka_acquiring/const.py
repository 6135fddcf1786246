# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" The bank's values and ours. Free of Odoo, so that `api/` can use it.

Sources, as of 2026-04 unless another date is given:
* API: the bank's OpenAPI description (https://enter.tochka.com/doc/openapi/swagger.json), v1.91.
* LINKS: https://developers.tochka.com/docs/tochka-api/, «Платёжные ссылки».
* HOOKS: the same, «Вебхуки».
* OAUTH: the same, «Алгоритм работы по OAuth 2.0» and «Терминология».
"""

from decimal import Decimal

# === ADDRESSES === #

# Source: API, `servers`.
PRODUCTION_URL = 'https://enter.tochka.com/uapi/'
BANK_SANDBOX_URL = 'https://enter.tochka.com/sandbox/v2/'
# The bank's sandbox knows this token only. Source: developers.tochka.com, «Песочница».
BANK_SANDBOX_TOKEN = 'sandbox.jwt.token'
BASE_URL_PARAMETER = 'tochka_acquiring.base_url'
# Path of the public key of webhooks, on the host of the API. Source: HOOKS.
PUBLIC_KEY_PATH = '/doc/openapi/static/keys/public'

# On the host of the API. Source: OAUTH.
AUTHORIZE_PATH = '/connect/authorize'
TOKEN_PATH = '/connect/token'
BANK_BIC = '044525104'

RETURN_ROUTE = '/payment/tochka/return'
DECLINED_ROUTE = '/payment/tochka/declined'
WEBHOOK_ROUTE = '/payment/tochka/webhook'
BALANCE_ROUTE = '/my/balance'
OAUTH_START_ROUTE = '/payment/tochka/oauth/start'
OAUTH_AGAIN_ROUTE = '/payment/tochka/oauth/again'
OAUTH_RETURN_ROUTE = '/payment/tochka/oauth/return'
# Where the client shows the connections: `/odoo/...`.
CONNECTIONS_PATH = 'tochka-connections'

# === CONSENT === #

# Source: OAUTH; the list is the documentation's.
OAUTH_SCOPE = 'accounts balances customers statements sbp payments acquiring'
# Source: OAUTH.
ACCESS_TOKEN_SECONDS = 24 * 3600
REFRESH_TOKEN_DAYS = 30
# Ours: half of its life is left when the access token is renewed, so that a bank which is silent
# for hours stops no payment; a caller renews it himself only when minutes are left.
RENEW_BEFORE_HOURS = 12
RENEW_AT_ONCE_SECONDS = 300
RENEWAL_WARNING_DAYS = (1, 7)
# The refusals after which a refresh token is not tried again. Source: RFC 6749, 5.2.
OAUTH_FINAL_ERRORS = ('invalid_grant', 'invalid_client', 'unauthorized_client')
# Ours: how much of the access is left when a person is asked because of any other answer.
ASK_BEFORE_HOURS = 6
# Ours: a renewal that runs at the same moment can undo the writing of new tokens once.
KEEP_ATTEMPTS = 3
# Ours: how long the link in the e-mail may be opened, and how long a person may take on the bank's
# page. The code that follows lives 5 minutes at the bank.
LINK_HOURS = 72
STATE_MINUTES = 60
AUTHORIZATION_DAYS = 90
# Seconds to connect and to answer while an administrator waits for the bank's page.
CONSENT_TIMEOUT = (5, 15)

# Feature -> permissions that it needs. Source: API (each method's description), LINKS, HOOKS.
# «Работа с системой быстрых платежей» of the internet bank is the pair of `sbp`.
FEATURE_PERMISSIONS = {
    'payments': ('MakeAcquiringOperation', 'ReadAcquiringData', 'ReadCustomerData'),
    'notifications': ('ManageWebhookData',),
    'accounts': ('ReadAccountsBasic', 'ReadAccountsDetail'),
    'sbp': ('ReadSBPData', 'EditSBPData'),
}
# Status of a consent that may be used. Source: API.
CONSENT_GIVEN = 'Authorised'

# === MONEY AND METHODS === #

KOPECK = Decimal('0.01')  # in roubles

# The acquiring has no currency field. Source: API.
SUPPORTED_CURRENCIES = ('RUB',)

# Codes of Odoo's payment methods <-> `paymentMode`. Source: API, LINKS; dolyame since 2025-09.
PAYMENT_MODES = {
    'card': 'card',
    'sbp': 'sbp',
    'tpay': 'tinkoff',
    'dolyame': 'dolyame',
}
PAYMENT_METHOD_CODES = {mode: code for code, mode in PAYMENT_MODES.items()}

# Methods and card brands that are switched on with the provider.
DEFAULT_PAYMENT_METHOD_CODES = {'card', 'visa', 'mastercard', 'mir', 'sbp', 'tpay', 'dolyame'}

# Fields of a transaction that hold the documents it pays (the second one needs the sale app).
DOCUMENT_FIELDS = ('invoice_ids', 'sale_order_ids')

# Types of accounts that can hold advances of customers. Ours.
ADVANCE_ACCOUNT_TYPES = ('liability_current', 'asset_receivable', 'asset_current')
# Ours: more roubles than this are no amount.
MAX_AMOUNT = 10 ** 12
# Where a receipt is sent, tag 1008. Source: FFD.
MAX_EMAIL = 64
# Domains of the highest level that nobody has; the bank refuses them. Source: RFC 2606.
RESERVED_DOMAINS = ('example', 'invalid', 'localhost', 'test')
# Ours: a top-up above this is a slip of the finger. In roubles.
MAX_TOPUP = Decimal('10000000.00')

# === DETAILS === #

# Built-in tags of the details: English name -> Russian name. Ours, in the words of schools:
# «заказчик» pays, «клиент» is taught.
DETAILS_TAGS = {
    'payer': 'заказчик',
    'client': 'клиент',
    'document': 'документ',
    'amount': 'сумма',
    'date': 'дата',
    'company': 'организация',
}
# Templates to begin with: they are read by payers and stand in receipts, hence in Russian.
DETAILS_NEUTRAL = 'Оплата по {документ}'
DETAILS_SCHOOL = '{заказчик} за обучение {клиент}'

# === OPERATIONS === #

# State of the transaction -> `status` of the operation. Source: API, LINKS.
# WAIT_FULL_PAYMENT is explained nowhere, so it is never booked. AUTHORIZED only follows
# `preAuthorization`, which is never asked for.
OPERATION_STATUS_MAPPING = {
    'draft': ('CREATED',),
    'pending': ('WAIT_FULL_PAYMENT', 'AUTHORIZED'),
    'done': ('APPROVED', 'ON-REFUND', 'REFUNDED', 'REFUNDED_PARTIALLY'),
    'cancel': ('EXPIRED',),
}
REFUND_STATUSES = ('ON-REFUND', 'REFUNDED', 'REFUNDED_PARTIALLY')
# `status` of the operation -> states of the transaction that need no further look.
STATES_OF_STATUS = {
    'CREATED': ('draft', 'pending', 'done', 'cancel', 'error'),
    'WAIT_FULL_PAYMENT': ('pending', 'done'),
    'AUTHORIZED': ('pending', 'done'),
    'APPROVED': ('done',),
    'ON-REFUND': ('done',),
    'REFUNDED': ('done',),
    'REFUNDED_PARTIALLY': ('done',),
    'EXPIRED': ('cancel', 'done', 'error'),
}

# === REFUNDS === #

# States of a `tochka.refund`. One of a payment at a time is with the bank.
REFUND_WITH_BANK = ('sending', 'sent', 'unknown')
REFUND_IN_WORK = ('requested', *REFUND_WITH_BANK)
REFUND_BOOKED = ('done', 'by_hand')
REFUND_CLOSED = ('rejected', 'cancelled')  # Nothing goes back.
# What the history of a payment may have that nobody understands, see `_tochka_apply_refunds`.
REFUND_PROBLEMS = ('refund_too_much', 'refund_unnamed', 'refund_sum')
# Ours: when a person is asked about a return recorded by hand that the bank does not list, and how
# often what is booked and not listed is looked for.
RECORDED_REFUND_DAYS = 3
UNLISTED_REFUND_SECONDS = 24 * 3600

# How long the page of the balance tells of a refund that is done: a card takes up to a week.
SHOWN_REFUND_DAYS = 14

# Statuses in which a refund is asked for. The bank documents APPROVED alone; whether a second
# partial refund is taken is documented nowhere, so it is tried. Source: API; LINKS.
REFUNDABLE_STATUSES = ('APPROVED', 'REFUNDED_PARTIALLY')
# Ours: seconds before each next look; the last one repeats without end.
REFUND_RETRY_SECONDS = (10, 30, 60, 120, 300, 600, 900)
# Ours: how long a refund whose answer was lost may still appear in the history.
REFUND_SETTLE_MINUTES = 15
REFUND_OVERDUE_HOURS = 24  # Ours: a person is asked when a refund is not confirmed for so long.
REFUND_SWEEP_DAYS = 400  # Ours: how old a payment may be whose refund is looked for every night.

# === LINKS === #

# Limits of the request that creates an operation. Source: API.
MAX_PURPOSE = 140
MAX_PAYMENT_LINK_ID = 45
MIN_LINK_TTL, MAX_LINK_TTL = 1, 44640  # minutes
# Ours: a link can't be cancelled (no such method in API), so that it lives an hour, not a week.
DEFAULT_LINK_TTL = 60
# Ours: shorter links would die before they could be offered again.
SHORTEST_LINK_TTL = 10
# A link about to die is not offered again (minutes).
LINK_REUSE_MARGIN = 5
# How many order numbers are tried when the bank says that one is used.
MAX_LINK_ATTEMPTS = 5
# An operation found by its order number is ours if it was created this recently (minutes).
ADOPTION_WINDOW = 15

# A shop takes payments when it is registered and active. Source: API, LINKS.
USABLE_RETAILER_STATUS = 'REG'

# The zone of the bank's day: the registry and the statements follow Moscow.
BANK_TIME_ZONE = 'Europe/Moscow'

# === JOBS === #

POLL_HOURS_AFTER_EXPIRY = 24
MAX_POLL_DELAY = 240  # minutes
LATE_POLL_DELAY = 24 * 60  # minutes
STOP_MINUTES = 10  # a longer silence of the poll was a stop: sweep
SWEEP_EXTRA_DAYS = 2
EXPIRY_WARNING_DAYS = (7, 30)
STUCK_MINUTES = 60
STATUS_PAGE_SECONDS = 3
SILENT_BANK_SECONDS = 15
# Seconds to connect and to answer, where a payer waits for the page and a worker waits with him.
QUICK_TIMEOUT = (3, 5)

# === WEBHOOKS === #

WEBHOOK_TYPE = 'acquiringInternetPayment'
# Samples of the bank are under 2 KiB.
MAX_WEBHOOK_SIZE = 64 * 1024
MIN_RSA_BITS = 2048
# How long the bank's test event is waited for, in seconds.
TEST_EVENT_SECONDS = 8
TEST_EVENT_PAUSE = 0.3
KEY_REQUEST_SECONDS = 60
# Of what was signed before the key changed, the bank sends the last again after 30 x 10 seconds.
PREVIOUS_KEY_HOURS = 24
# The transaction's creating request may commit after the webhook; later it is an orphan.
ORPHAN_MINUTES = 60
EVENT_RETRY_SECONDS = (5, 15, 30, 60, 120, 300, 600, 1800, 3600, 3 * 3600, 12 * 3600, 24 * 3600)
INBOX_DAYS = 90
IGNORED_DAYS = 30

# === SECRETS AND PERSONAL DATA === #

# Keys whose values are replaced in every log. Source of the bank's names: HOOKS, API.
SECRET_KEYS = {
    'token', 'access_token', 'refresh_token', 'client_secret', 'jwt_key', 'Authorization',
}
PERSONAL_KEYS = {
    'payerName', 'payerMobileNumber', 'payerId', 'maskedPan', 'tokenCardId', 'consumerId', 'Client',
    'email', 'phone', 'fullName', 'shortName', 'taxCode', 'SidePayer', 'SideRecipient',
}
SENSITIVE_KEYS = SECRET_KEYS | PERSONAL_KEYS

# === CERTIFICATES === #

# Ours: a clock further away than this (seconds) makes tokens and links look expired.
CLOCK_TOLERANCE = 120
# Source: https://www.gosuslugi.ru/crt, read 2026-09.
ROOT_CA_URL = 'https://gu-st.ru/content/lending/russian_trusted_root_ca_pem.crt'

# SHA-256 fingerprints of the certificates that the Russian state CA publishes at
# https://www.gosuslugi.ru/crt (files at gu-st.ru). The bank's API host moved to this chain at the
# end of August 2026. Read 2026-09.
PUBLISHED_CA_FINGERPRINTS = {
    'D2:6D:2D:02:31:B7:C3:9F:92:CC:73:85:12:BA:54:10:35:19:E4:40:5D:68:B5:BD:70:3E:97:88:CA:8E:CF:31':
        'Russian Trusted Root CA',
    'BB:BD:E2:10:3E:79:0B:99:9E:C6:2B:D0:3C:F6:25:A5:A2:E7:C3:16:E1:0A:FE:6A:49:0E:ED:EA:D8:B3:FD:9B':
        'Russian Trusted Sub CA',
}

# === PROBLEMS === #

# Code of a problem -> how bad it is, see `tochka.problem`; what isn't here is '2_warning'. Ours.
PROBLEM_SEVERITY = {
    'access': '1_danger',
    'certificate': '1_danger',
    'inn': '1_danger',
    'provider': '1_danger',
    'entity': '3_info',
    'webhook': '3_info',
    'misfit_amount': '1_danger',
    'unknown_status': '1_danger',
    'expired_with_money': '1_danger',
    'unbookable': '1_danger',
    'unbooked': '1_danger',
    'refund_unbooked': '1_danger',
    'refund_unknown': '1_danger',
    'refund_rejected': '1_danger',
    'refund_too_much': '1_danger',
    'refund_vanished': '1_danger',
    'register_refused': '1_danger',
    'register_silent': '3_info',
    'receipt_failed': '1_danger',
    'receipt_doubled': '1_danger',
    'receipt_mismatch': '1_danger',
}
# Model of the record that people see -> type of the activity; by default Odoo's own warning.
PROBLEM_ACTIVITIES = {'tochka.connection': 'tochka_acquiring.mail_activity_connection'}
# Of these nobody is asked: after an hour of silence `access` asks.
PROBLEMS_ONLY_SHOWN = ('silent',)
