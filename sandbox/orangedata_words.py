""" OrangeData's numbers and the values of the fiscal data format that they stand for.

Sources: orangedata-official/API, protocol 2.31.3 of 10.09.2025; `useTax20`:
orangedata-official/node-orangedata 1.5.0.
"""

from .ffd import FFD_12, FFD_105

INN = '9900000017'
KEY = f'{INN}_4521'  # the name of a signing key of who came after 01.02.2025 is INN_ID
COMPANY = 'ООО «Ромашка»'
PAYMENT_ADDRESS = 'https://romashka.example.com'
# Group: the version of the format that its tills speak, the number of its fiscal storage
# (invented).
GROUPS = {
    'Main': (FFD_105, '9999078900008001'), 'Main_2': (FFD_12, '9999078900008002'),
    'Vend': (FFD_105, '9999078900008003'), 'Vend_2': (FFD_12, '9999078900008004'),
    'Courier': (FFD_105, '9999078900008005'), 'Courier_2': (FFD_12, '9999078900008006'),
}
DEFAULT_GROUP = 'Main'
# Fields that only the tills of machines, transport and couriers take, and only couriers'.
OUTDOOR_GROUPS = ('Vend', 'Vend_2', 'Courier', 'Courier_2')
OUTDOOR = ('automatNumber', 'settlementAddress', 'settlementPlace')
COURIER_GROUPS = ('Courier', 'Courier_2')

# Tag of a payment; the numbers between are taken and not explained.
PAYMENTS = {1: '1031', 2: '1081', 14: '1215', 15: '1216', 16: '1217'}
CORRECTION_PAYMENTS = {
    'cashSum': '1031', 'eCashSum': '1081', 'prepaymentSum': '1215', 'postpaymentSum': '1216',
    'otherPaymentTypeSum': '1217',
}
CASH = 1
TAXES = tuple(range(1, 11))
TAXES_2026 = (11, 12)
# `tax` of 20 % and 20/120, which mean these values of tag 1199 from 2026 on.
NEW_TAXES = {1: 11, 3: 12}
# The N of vatNSum and taxNSum counts otherwise than `tax`: N -> tax.
SUM_TAXES = {1: 1, 2: 2, 3: 5, 4: 6, 5: 3, 6: 4, 7: 7, 8: 8, 9: 9, 10: 10}
MARKED = (30, 31, 32, 33)  # tag 1212, of FFD 1.2 only
WITH_MARK = (31, 33)
STATUSES = (1, 2, 3, 4, 5, 6, 255)  # tag 2003
BARCODES = {
    'ean8': '1301', 'ean13': '1302', 'itf14': '1303', 'gs1': '1304', 'mi': '1307',
    'egais20': '1308', 'egais30': '1309', 'f1': '1320', 'f2': '1321', 'f3': '1322', 'f4': '1323',
    'f5': '1324', 'f6': '1325',
}
# Agent's data: name, tag.
AGENT = {
    'paymentTransferOperatorPhoneNumbers': '1075', 'paymentAgentOperation': '1044',
    'paymentAgentPhoneNumbers': '1073', 'paymentOperatorPhoneNumbers': '1074',
    'paymentOperatorName': '1026', 'paymentOperatorAddress': '1005', 'paymentOperatorINN': '1016',
}
