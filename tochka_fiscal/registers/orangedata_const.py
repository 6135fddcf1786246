# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" Neutral name -> number of OrangeData, its limits.

Sources: "Протокол взаимодействия с интернет кассой" 2.31.3 of 2025-09-10
(github.com/orangedata-official/API); `useTax20`: its client node-orangedata 1.5.0 of 2025-12-18.
"""

# Format of fiscal data -> `ffdVersion`.
VERSIONS = {'1.05': 2, '1.2': 4}

TAXATION_SYSTEMS = {'osn': 0, 'usn_income': 1, 'usn_income_outcome': 2, 'esn': 4, 'patent': 5}
# `tax` 1 and 3 are 22 % since 2026, and 20 % with `useTax20`, for the whole document. That is read
# from two clients of others; the official one has the flag and does not explain it.
TAXES = {
    'vat20': 1, 'vat10': 2, 'vat120': 3, 'vat110': 4, 'vat0': 5, 'none': 6, 'vat5': 7, 'vat7': 8,
    'vat105': 9, 'vat107': 10, 'vat22': 1, 'vat122': 3,
}
OLD_TAXES = {'vat20', 'vat120'}
NEW_TAXES = {'vat22', 'vat122'}
# The N of `taxNSum` counts otherwise than `tax`: the protocol warns of it.
SUM_OF_TAX = {1: 1, 2: 2, 5: 3, 6: 4, 3: 5, 4: 6, 7: 7, 8: 8, 9: 9, 10: 10}

PAYMENT_TYPES = {'cash': 1, 'cashless': 2, 'prepaid': 14, 'credit': 15, 'counter': 16}
CORRECTION_SUMS = {
    'cash': 'cashSum', 'cashless': 'eCashSum', 'prepaid': 'prepaymentSum',
    'credit': 'postpaymentSum', 'counter': 'otherPaymentTypeSum',
}

# Where a document goes: receipts, corrections by FFD 1.05 and by FFD 1.2.
RECEIPTS, CORRECTIONS = 'documents', {'1.05': 'corrections', '1.2': 'correction12'}

MAX_NAME = 128
MAX_SUPPLIER = 239  # of the name, less its length and 4 for each phone
MAX_MEASURE = 16
MAX_MARK = 223
MAX_SUM = 9_999_999_999  # kopecks of a price, a line and a receipt
# A document of the storage has at most 32 768 bytes, "about 250 lines"; each value has four bytes
# of its own before it, and the till adds its own values.
MAX_BYTES = 30_000
VALUE_BYTES, NUMBER_BYTES, LINE_NUMBERS = 4, 10, 8

# OrangeData's page on which a buyer sees the receipt.
RECEIPT_PAGE = 'https://cheques-lk.orangedata.ru/{inn}/{key}'
# What stands in a refusal when the key that signs is not the one of the cabinet. Source: issues 7
# and 8 of github.com/orangedata-official/API.
WRONG_SIGNATURE = 'подпись не прошла проверку'
# What a web server answers to the certificate of another environment. Source: issue 16 of
# github.com/orangedata-official/PHP-OrangeData-official.
WRONG_CERTIFICATE = 'ssl certificate error'
MAX_PROBLEMS = 5  # Ours: how many of a document's errors are shown.
