# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" Neutral name -> word of PayKeeper.

Sources: docs.paykeeper.ru, "Товары в чеке (54-ФЗ)" and the JSON API, section 8, as far as they
could be read; the official plugin for WooCommerce (2024-10); as third parties
github.com/JustCommunication-ru/paykeeper-sdk (2026-02) and github.com/csmplay/pretix-paykeeper
1.3.0 (2026-06). VAT is called by PayKeeper as by us.
"""

FISCAL_METHODS = {
    'full_prepayment': 'prepay', 'prepayment': 'part_prepay', 'advance': 'advance',
    'full_payment': 'full', 'partial_payment': 'part_credit', 'credit': 'credit',
    'credit_payment': 'credit_payment',
}
FISCAL_SUBJECTS = {
    'goods': 'goods', 'work': 'work', 'service': 'service', 'payment': 'payment', 'other': 'other',
}
MARKED_GOODS = 'goods_coded'
# Value of tag 2108 -> `measure`. Pieces (`pcs`) are what is meant without a word; no others are
# known. Source: the vendor's module for 1C-Bitrix, 1.55.
MEASURES = {10: 'g', 11: 'kg', 22: 'm', 41: 'l'}
SUMS = {
    'cashless': 'sum_cashless', 'cash': 'sum_cash', 'prepaid': 'sum_advance',
    'credit': 'sum_credit', 'counter': 'sum_counter_payment',
}
INCOME = 'sale'
# What stands in a refusal when the token is stale; it comes with HTTP 200.
WRONG_TOKEN = 'токен безопасности'

# Words of `status`. `created` and `success` are confirmed; every word that is in neither list is
# taken as "not yet".
PRINTED = ('success',)
FAILED = ('failed', 'fail', 'error')
# How the proof may be called: nobody documents it. A receipt without it is printed all the same.
PROOF = {
    'storage': ('fn', 'fn_number'),
    'document': ('fnd', 'fd', 'fiscal_document_number'),
    'sign': ('fpd', 'fp', 'fiscal_document_attribute'),
    'shift': ('shift_number',),
    'number': ('receipt_number', 'fiscal_receipt_number'),
    'register': ('rnkkt', 'ecr_registration_number'),
}
MOMENTS = ('ts', 'receipt_datetime')  # `ts` is confirmed by a live record: 20260505T1455
MOMENT_FORMATS = (
    '%Y%m%dT%H%M', '%Y%m%dT%H%M%S', '%d.%m.%Y %H:%M:%S', '%Y-%m-%d %H:%M:%S', '%Y-%m-%dT%H:%M:%S',
    '%d.%m.%Y %H:%M')
