# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" The law's values, by neutral names. Free of Odoo, so that plain-Python parts can use it.

Sources, as of 2026-04:
* FFD: formats of fiscal documents, order of the Federal Tax Service ED-7-20/662@, tags 1055, 1199,
  1212 and 1214; the VAT rate of 22 % since 2026-01-01 (Federal Law 425-FZ).
* API: the bank's OpenAPI description (https://enter.tochka.com/doc/openapi/swagger.json), v1.91,
  `payments_with_receipt`.
"""

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

# === FISCAL SUBJECT, TAG 1212 === #

# Name -> value of the tag, those that a sale through a portal needs. Source: FFD.
FISCAL_SUBJECTS = {
    'goods': 1,
    'work': 3,
    'service': 4,
    'payment': 10,
    'other': 13,
}

# === THE BANK'S REGISTER === #

# What `payments_with_receipt` takes. Source: API.
BANK_TAXATION_SYSTEMS = set(TAXATION_SYSTEMS)
BANK_VATS = set(VATS) - {'vat20', 'vat120'}
BANK_FISCAL_METHODS = {'full_payment', 'full_prepayment'}
BANK_FISCAL_SUBJECTS = {'goods', 'service', 'work'}
