""" ATOL Online's words and the values of the fiscal data format that they stand for.

Sources: description of the protocol v4, version 5.23, as transcribed in
github.com/ai-iskuzhin/AtolOnlineNet; the models of v5 in github.com/ili/atol-online.
"""

from . import ffd

# Operation: tag 1054, whether it is a correction.
OPERATIONS = {
    'sell': (ffd.INCOME, False), 'sell_refund': (ffd.INCOME_RETURN, False),
    'buy': (ffd.OUTCOME, False), 'buy_refund': (ffd.OUTCOME_RETURN, False),
    'sell_correction': (ffd.INCOME, True), 'buy_correction': (ffd.OUTCOME, True),
}
ONLY_V5 = {'sell_refund_correction': (ffd.INCOME_RETURN, True),
           'buy_refund_correction': (ffd.OUTCOME_RETURN, True)}
# Tag 1055, a bit mask.
TAX_SYSTEMS = {'osn': 1, 'usn_income': 2, 'usn_income_outcome': 4, 'envd': 8, 'esn': 16,
               'patent': 32}
# Tag 1214.
METHODS = {'full_prepayment': 1, 'prepayment': 2, 'advance': 3, 'full_payment': 4,
           'partial_payment': 5, 'credit': 6, 'credit_payment': 7}
# Tag 1212, of v4; v5 has the numbers themselves.
OBJECTS = {
    'commodity': 1, 'excise': 2, 'job': 3, 'service': 4, 'gambling_bet': 5, 'gambling_prize': 6,
    'lottery': 7, 'lottery_prize': 8, 'intellectual_activity': 9, 'payment': 10,
    'agent_commission': 11, 'award': 12, 'another': 13, 'property_right': 14,
    'non-operating_gain': 15, 'insurance_premium': 16, 'sales_tax': 17, 'resort_fee': 18,
    'deposit': 19, 'expense': 20, 'pension_insurance_ip': 21, 'pension_insurance': 22,
    'medical_insurance_ip': 23, 'medical_insurance': 24, 'social_insurance': 25,
    'casino_payment': 26,
}
OBJECT_NUMBERS = (*range(1, 28), 30, 31, 32, 33)
WITH_MARK = (31, 33)
# Tags 1057 and 1222, a bit mask.
AGENTS = {'bank_paying_agent': 1, 'bank_paying_subagent': 2, 'paying_agent': 4,
          'paying_subagent': 8, 'attorney': 16, 'commission_agent': 32, 'another': 64}
# Tag of a payment; 5 to 9 are set up for each till, and this one has none.
PAYMENTS = {0: '1031', 1: '1081', 2: '1215', 3: '1216', 4: '1217'}
PAYMENT_TYPES = tuple(range(10))
MARKS = {'unknown': '1300', 'ean8': '1301', 'ean13': '1302', 'itf14': '1303', 'gs10': '1304',
         'gs1m': '1305', 'short': '1306', 'fur': '1307', 'egais20': '1308', 'egais30': '1309'}
CORRECTION_TYPES = {'self': 0, 'instruction': 1}
