# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import time
from datetime import timezone
from zoneinfo import ZoneInfo

from odoo.addons.tochka_acquiring import const


def utc_naive(moment):
    """ Convert a moment of the bank to Odoo's form.

    The bank mixes offsets within one answer (+05:00 in `createdAt`, +03:00 in `paidAt`).

    :param datetime|None moment: An aware moment.
    :return: The same moment in UTC without zone, as Odoo stores it; None for None.
    :rtype: datetime|None
    """
    return moment and moment.astimezone(timezone.utc).replace(tzinfo=None, microsecond=0)


def bank_day(moment):
    """ Return the calendar day of the bank for a moment that Odoo has stored.

    :param datetime moment: A moment in UTC without zone.
    :return: The day in Moscow.
    :rtype: date
    """
    return moment.replace(tzinfo=timezone.utc).astimezone(ZoneInfo(const.BANK_TIME_ZONE)).date()


def this_minute():
    """ Return the number of the minute, for what a worker keeps no longer. :rtype: int """
    return int(time.time() // 60)


def is_local_route(route):
    """ Return whether an address is a path of this Odoo, and neither a script nor another site.

    :param str|bool route: An address that a browser has sent.
    :rtype: bool
    """
    # Browsers read a backslash as a slash, and leave tabs and line ends out.
    return (
        bool(route) and route.startswith('/') and route[1:2] != '/'
        and '\\' not in route and all(' ' < character != '\x7f' for character in route)
    )
