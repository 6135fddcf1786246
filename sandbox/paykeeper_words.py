""" PayKeeper's words and the values of the fiscal data format that they stand for.

Words: docs.paykeeper.ru (goods in a receipt, section 8 of the JSON API); those of VAT of 5, 7 and
22 %: github.com/csmplay/pretix-paykeeper. The values follow from the names.
"""

SUMS = {'sum_cash': '1031', 'sum_cashless': '1081', 'sum_advance': '1215', 'sum_credit': '1216',
        'sum_counter_payment': '1217'}
# Tag 1214.
METHODS = {'prepay': 1, 'part_prepay': 2, 'advance': 3, 'full': 4, 'part_credit': 5, 'credit': 6,
           'credit_payment': 7}
# Tag 1212.
OBJECTS = {
    'goods': 1, 'excise': 2, 'work': 3, 'service': 4, 'ip': 9, 'payment': 10, 'agent': 11,
    'other': 13, 'property_right': 14, 'non_operating': 15, 'sales_tax': 17, 'resort_fee': 18,
    'exc_uncoded': 30, 'exc_coded': 31, 'goods_uncoded': 32, 'goods_coded': 33,
}
# Tag 2108, what `measure` says; the vendor's module for 1C-Bitrix 1.55 has no other words.
MEASURES = {'pcs': 0, 'g': 10, 'kg': 11, 'm': 22, 'l': 41}
CODED = ('exc_coded', 'goods_coded')
# Tag 1055, a bit mask: set in the cabinet.
TAX_SYSTEMS = (1, 2, 4, 16, 32)
CORRECTION_TYPES = {'self': 0, 'instruction': 1}
