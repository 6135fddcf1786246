# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" What the law has it in which year, as plain tables and arithmetic. """

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from . import const
from .receipt import _lt

# Year -> roubles of income above which who is on the simplified system or a patent pays VAT: in the
# year before, or in the year itself. Source: Tax Code, article 145, as of Federal Law 425-FZ of
# 2025-11-28. Checked 2026-11-29.
EXEMPT_INCOME = {2025: 60_000_000, 2026: 20_000_000, 2027: 15_000_000, 2028: 10_000_000}

# Income at which a person is told, in hundredths of the limit. Ours.
TOLD_AT = (95, 85, 70)

# Who may be exempt by income. Names of `const.TAXATION_SYSTEMS`.
EXEMPTIBLE_SYSTEMS = ('usn_income', 'usn_income_outcome', 'patent')


def exempt_income(year):
    """ Return the limit of a year; of one that the table does not have, that of the nearest.

    :param int year: The year.
    :return: Roubles.
    :rtype: int
    """
    return EXEMPT_INCOME[min(max(year, min(EXEMPT_INCOME)), max(EXEMPT_INCOME))]


def reduced_limit(vat, year):
    """ Return up to which income of a year a reduced rate may be had; of a year that the table does
    not have, that of the nearest.

    :param str vat: `vat5` or `vat7`.
    :param int year: The year.
    :return: Roubles.
    :rtype: int
    """
    table = const.REDUCED_LIMITS
    return table[min(max(year, min(table)), max(table))][vat]


def vat_due_from(year, months, before):
    """ Return from which day a firm pays VAT because of its income.

    Who has passed the limit of the year in the year before pays from January 1st; who passes it
    within the year, from the first day of the next month. Source: Tax Code, article 145.

    :param int year: The year.
    :param list[Decimal] months: Income of each month of the year so far, roubles, January first.
    :param Decimal before: Income of the year before, roubles.
    :return: The day; None while the firm is exempt.
    :rtype: date|None
    """
    limit = exempt_income(year)
    if before > limit:
        return date(year, 1, 1)
    total = 0
    for number, income in enumerate(months, 1):
        total += income
        if total > limit:
            return date(year, number + 1, 1) if number < 12 else date(year + 1, 1, 1)
    return None


def share_told(income, limit):
    """ Return the highest mark of `TOLD_AT` that an income has reached.

    :param Decimal income: Roubles.
    :param int limit: Roubles.
    :return: Hundredths; 0 when none is reached.
    :rtype: int
    """
    return next((mark for mark in TOLD_AT if income * 100 >= limit * mark), 0)


def forecast(income, day):
    """ Return what the income of a year comes to if it goes on as until now.

    :param Decimal income: Of the year so far, roubles.
    :param date day: The present day, which counts.
    :return: Roubles.
    :rtype: Decimal
    """
    first, last = date(day.year, 1, 1), date(day.year, 12, 31)
    return income * ((last - first).days + 1) / ((day - first).days + 1)


# === WHAT THE LAW CHANGES FOR A FIRM === #

@dataclass(frozen=True, kw_only=True)
class Firm:
    """ What the table of changes asks about a firm, on the day from which a change holds.

    :param frozenset[str] systems: The taxation systems of its providers, `const.TAXATION_SYSTEMS`.
    :param frozenset[str] vats: The VATs of its providers, `const.VATS`.
    :param frozenset[str] sold_vats: The VATs that the invoices of this year say.
    :param bool is_exempt: Whether it sells without VAT because its income is small.
    :param bool takes_cards: Whether its customers pay by card.
    :param Decimal income_before: Its income of the year before the change, roubles.
    """

    systems: frozenset[str] = frozenset()
    vats: frozenset[str] = frozenset()
    sold_vats: frozenset[str] = frozenset()
    is_exempt: bool = False
    takes_cards: bool = False
    income_before: Decimal = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class Notice:
    """ A change of the law of which a firm is told once.

    :param str code: Its name; the words are `_law_<code>` of the problems.
    :param date since: The day from which it holds.
    :param date told_from: The first day on which a firm is told.
    :param date told_until: The last one: later it is no news.
    :param str source: Where it stands.
    :param date checked: When somebody has looked there.
    :param str severity: Of the problem.
    :param Callable[[Firm], bool] concerns: Whether it means a firm.
    """

    code: str
    since: date
    told_from: date
    told_until: date
    source: str
    checked: date
    severity: str = '2_warning'
    concerns: Callable[[Firm], bool]


_CHECKED = date(2026, 11, 29)


def _digital_rouble(since, income):
    return Notice(
        code=f'digital_{since.year}', since=since,
        told_from=date(since.year, 8, 1), told_until=date(since.year + 1, 7, 31),
        source=_lt("Federal Law 248-FZ of 23.07.2025"), checked=_CHECKED,
        concerns=lambda firm: firm.income_before > income)


# Told a month before, as far as the law was known then. Not here, because nobody has confirmed it:
# FFD 1.2 for everybody, tags 1234 to 1238 as a duty, receipts through a messenger, the coefficient
# of the limits of 5 and 7 % for 2027. Not here, because receipts have it by themselves: tags 1125,
# 1187 and 1008 since 2025-09-01 (order ED-7-20/236@), the values 11 and 12 of tag 1199 (order
# ED-7-20/1050@, until 2031-09-01).
NOTICES = (
    *(Notice(
        code=f'limit_{year}', since=date(year, 1, 1), told_from=date(year - 1, 12, 1),
        told_until=date(year, 3, 31),
        source=_lt("Tax Code, article 145, as of Federal Law 425-FZ of 28.11.2025"),
        checked=_CHECKED, concerns=lambda firm: firm.is_exempt,
    ) for year in (2026, 2027, 2028)),
    Notice(
        code='vat22', since=date(2026, 1, 1), told_from=date(2026, 1, 1),
        told_until=date(2027, 12, 31), checked=_CHECKED,
        source=_lt("Federal Law 425-FZ of 28.11.2025; letter of the Federal Tax Service"
                   " AB-4-20/11248@ of 15.12.2025"),
        concerns=lambda firm: 'vat20' in firm.sold_vats),
    Notice(
        code='card_commission', since=date(2026, 1, 1), told_from=date(2026, 1, 1),
        told_until=date(2026, 12, 31), checked=_CHECKED, severity='3_info',
        source=_lt("Federal Law 425-FZ of 28.11.2025"),
        concerns=lambda firm: firm.takes_cards),
    Notice(
        code='rates_2027', since=date(2027, 1, 1), told_from=date(2026, 12, 1),
        told_until=date(2027, 3, 31), checked=_CHECKED,
        source=_lt("Tax Code, article 164, paragraph 8"),
        concerns=lambda firm: bool(firm.vats & {'vat5', 'vat7'})),
    _digital_rouble(date(2026, 9, 1), 120_000_000),
    _digital_rouble(date(2027, 9, 1), 30_000_000),
    _digital_rouble(date(2028, 9, 1), 20_000_000),
)


def find_notice(code):
    """ Return an entry of the table; None if this version does not have it. """
    return next((notice for notice in NOTICES if notice.code == code), None)


def find_news(day, told):
    """ Return of which changes a firm may be told on a day.

    :param date day: The day, in Moscow.
    :param Collection[str] told: The codes of which it was told before.
    :rtype: list[Notice]
    """
    return [notice for notice in NOTICES if notice.code not in told
            and notice.told_from <= day <= notice.told_until]
