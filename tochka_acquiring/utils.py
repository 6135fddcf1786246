# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import time
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

from odoo.http import request
from odoo.models import BaseModel
from odoo.tools.translate import code_translations

from odoo.addons.tochka_acquiring import const, tuning
from odoo.addons.tochka_acquiring.api.deadline import Deadline

_bank_time = ContextVar('tochka_bank_time', default=None)


def utc_naive(moment, exact=False):
    """ Convert a moment of the bank to Odoo's form.

    The bank mixes offsets within one answer (+05:00 in `createdAt`, +03:00 in `paidAt`).

    :param datetime|None moment: An aware moment.
    :param bool exact: Whether to keep the fraction of the second.
    :return: The same moment in UTC without zone, as Odoo stores it; None for None.
    :rtype: datetime|None
    """
    if moment:
        moment = moment.astimezone(timezone.utc).replace(tzinfo=None)
    return moment if exact else moment and moment.replace(microsecond=0)


def bank_day(moment):
    """ Return the calendar day of the bank for a moment that Odoo has stored.

    :param datetime moment: A moment in UTC without zone.
    :return: The day in Moscow.
    :rtype: date
    """
    return moment.replace(tzinfo=timezone.utc).astimezone(ZoneInfo(const.BANK_TIME_ZONE)).date()


def bank_moment(day):
    """ Return when a calendar day of the bank begins.

    :param date day: The day in Moscow.
    :return: The moment in UTC without zone, as Odoo stores it.
    :rtype: datetime
    """
    zone = ZoneInfo(const.BANK_TIME_ZONE)
    begin = datetime(day.year, day.month, day.day, tzinfo=zone)
    return begin.astimezone(timezone.utc).replace(tzinfo=None)


def in_russian(module, text):
    """ Return a text of ours in Russian, for what is a Russian document whoever pays or works.

    The database need not have the language.

    :param str module: The add-on whose text it is.
    :param str text: The text, which is marked for translation where it stands.
    :rtype: str
    """
    return code_translations.get_python_translations(module, 'ru_RU').get(text, text)


def this_minute():
    """ Return the number of the minute, for what a worker keeps no longer. :rtype: int """
    return int(time.time() // 60)


def as_text(value):
    """ Return a parameter of a request if it is a text: Odoo puts files that were sent among them.

    :param value: The parameter.
    :return: The text; else an empty one, which no address of ours holds.
    :rtype: str
    """
    return value if isinstance(value, str) else ''


def sudo_of_accessible(records):
    """ Return records as the superuser sees them, to a user who may see them.

    For what a caller names by ids: a wizard's field, the records of a button.

    :param BaseModel records: Records with the rights of the user.
    :return: The same records as superuser.
    :rtype: BaseModel
    :raise AccessError: If one of them is not the user's to see.
    """
    if records:
        records.check_access('read')
    return records.sudo()


def told_by_code(env, key):
    """ Return the records that our own code has put into the context.

    Whoever calls over the network fills the context as well, with what JSON can say: records are
    none of that, and nothing else is believed.

    :param Environment env: Where the context is.
    :param str key: The key.
    :return: The records; None when nobody has filled the key, or a caller.
    :rtype: BaseModel|None
    """
    told = env.context.get(key)
    return told if isinstance(told, BaseModel) else None


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


@contextmanager
def bank_time(seconds):
    """ Let all calls to the bank that a job makes here take at most so long together.

    :param float seconds: How long.
    """
    token = _bank_time.set(Deadline(seconds))
    try:
        yield
    finally:
        _bank_time.reset(token)


def bank_deadline():
    """ Return when the calls to the bank must have ended.

    All calls of one request of a browser share one, also when Odoo replays the request: somebody
    waits, and a worker with him.

    :return: The deadline; None in a job that sets none.
    :rtype: Deadline|None
    """
    if not request:
        return _bank_time.get()
    environ = request.httprequest.environ
    if 'tochka.deadline' not in environ:
        environ['tochka.deadline'] = Deadline(tuning.REQUEST_BANK_SECONDS)
    return environ['tochka.deadline']
