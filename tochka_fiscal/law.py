# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" What the law has it in which year, as plain tables and arithmetic. """

from datetime import date

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
