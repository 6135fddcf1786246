""" What a fiscal document says, in tags of the fiscal data format: the same for every register.

A test compares these entries, whatever register has printed. Keys are tags, as texts; sums and
quantities are texts, sums in roubles with two decimals. Tags and values: FNS order ED-7-20/662@,
as the protocols of OrangeData and ATOL list them; VAT of 22 %: FNS order ED-7-20/1050@.
"""

from datetime import datetime, timedelta, timezone
from decimal import Decimal

INCOME, INCOME_RETURN, OUTCOME, OUTCOME_RETURN = 1, 2, 3, 4  # tag 1054
SALES = (INCOME, OUTCOME)
# Tag 1199 by the words that ATOL Online and PayKeeper share.
VAT = {
    'vat20': 1, 'vat10': 2, 'vat120': 3, 'vat110': 4, 'vat0': 5, 'none': 6, 'vat5': 7,
    'vat7': 8, 'vat105': 9, 'vat107': 10, 'vat22': 11, 'vat122': 12,
}
OLD_VAT = ('vat20', 'vat120')  # of settlements before 2026
MEASURES = (0, 10, 11, 12, 20, 21, 22, 30, 31, 32, 40, 41, 42, 50, 51, 70, 71, 72, 73,
            80, 81, 82, 83, 255)  # tag 2108
PAYMENTS = ('1031', '1081', '1215', '1216', '1217')
# What 1209 says of the version of the format.
FFD_105, FFD_12 = 2, 4
MOSCOW = timezone(timedelta(hours=3))
NEW_VAT_FROM = datetime(2026, 1, 1, tzinfo=MOSCOW)


def money(value):
    """ Write roubles: `200.50`. """
    return f'{Decimal(value):.2f}'


def plain_number(value):
    """ Write a number without what adds nothing: `2`, `0.3`. """
    written = f'{Decimal(value):f}'
    return written.rstrip('0').rstrip('.') if '.' in written else written


def given(**values):
    """ Return the values that are there, by tags: the names are tags after a `t`. """
    return {name[1:]: value for name, value in values.items() if value is not None}


def payments(sums):
    """ Write the payments of a document.

    :param sums: Pairs of a tag and roubles; a tag may come twice.
    :return: All five tags, in roubles.
    :rtype: dict
    """
    added = dict.fromkeys(PAYMENTS, Decimal())
    for tag, value in sums:
        added[tag] += Decimal(value)
    return {tag: money(value) for tag, value in added.items()}


def qr(fiscal_data, kind):
    """ Return the content of the QR code (tag 1196). """
    moment = fiscal_data['1012'].replace('-', '').replace(':', '')[:13]
    return (f't={moment}&s={fiscal_data["1020"]}&fn={fiscal_data["1041"]}'
            f'&i={fiscal_data["1040"]}&fp={fiscal_data["1077"]}&n={kind}')
