# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" Values of banks, of the law and ours. Free of Odoo.

Sources:
* API: the bank's OpenAPI description (https://enter.tochka.com/doc/openapi/swagger.json), v1.91.
* GOST: GOST R 56042-2014, two-dimensional bar codes for payments of individuals.
* 762-P: the Bank of Russia's rules of transfers (29.06.2021), supplement 1: sizes of requisites.
"""

# === THE KEY IN A PURPOSE === #

# The marker and the symbols look the same in Latin and in Cyrillic, in both cases, and are the same
# after transliteration either way. Thirteen of them: a prime number, which the check needs.
KEY_MARKER = 'TK'
KEY_SYMBOLS = '0123456789KMT'
KEY_PAYLOAD = 7
KEY_CHECKS = 5

# === A PURPOSE === #

# Characters of a purpose. Source: 762-P.
PURPOSE_LENGTH = 210
