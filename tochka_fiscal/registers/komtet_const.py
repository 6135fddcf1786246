# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" Neutral name -> word of KOMTET Kassa's shop API v2.

Sources: the service's official clients komtet_kassa_sdk 8.1.0 (PyPI) and komtet-kassa-php-sdk
11.1.0 (GitHub), both of 2026-04.
"""

INTENTS = {'income': 'sell', 'income_return': 'sellReturn'}
CORRECTIONS = {'income': 'sellCorrection', 'income_return': 'sellReturnCorrection'}
TAXATION_SYSTEMS = {
    'osn': 0, 'usn_income': 1, 'usn_income_outcome': 2, 'esn': 4, 'patent': 5,
}
VATS = {
    'none': 'no', 'vat0': '0', 'vat5': '5', 'vat7': '7', 'vat10': '10', 'vat20': '20',
    'vat22': '22', 'vat105': '105', 'vat107': '107', 'vat110': '110', 'vat120': '120',
    'vat122': '122',
}
# Without the two of a credit: the clients and the till swap `credit` and `credit_pay`.
FISCAL_METHODS = {
    'full_prepayment': 'pre_payment_full',
    'prepayment': 'pre_payment_part',
    'advance': 'advance',
    'full_payment': 'full_payment',
    'partial_payment': 'credit_part',
}
FISCAL_SUBJECTS = {
    'goods': 'product', 'work': 'work', 'service': 'service', 'payment': 'payment',
    'other': 'other',
}
MARKED_GOODS = 'tm'  # tag 1212, 33: goods with a marking code
PAYMENT_TYPES = {
    'cash': 'cash', 'cashless': 'card', 'prepaid': 'prepayment', 'credit': 'credit',
    'counter': 'counter_provisioning',
}
