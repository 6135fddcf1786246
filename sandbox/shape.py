""" Shapes of documents: JSON Schema that loses no digit, for the registers of the sandbox. """

import json
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker, ValidationError, validators

KOPECK = Decimal('0.01')


# === SCHEMA === #

def text(longest=None, **limits):
    """ A text that is not empty. """
    return {'type': 'string', 'minLength': 1, **limits,
            **({'maxLength': longest} if longest else {})}


def number(decimals, **limits):
    """ A number, not quoted, with so many decimals at most. """
    return {'type': 'number', 'minimum': 0, 'decimals': decimals, **limits}


def integer(*allowed):
    """ One of these whole numbers. """
    return {'type': 'integer', 'enum': list(allowed)}


def several(items, most=None):
    """ A list that is not empty. """
    return {'type': 'array', 'items': items, 'minItems': 1,
            **({'maxItems': most} if most else {})}


def record(required, optional=None):
    """ An object with these fields and no others. """
    return {'type': 'object', 'properties': {**required, **(optional or {})},
            'required': list(required), 'additionalProperties': False}


def some(optional):
    """ An object with at least one of these fields and no others. """
    return {**record({}, optional), 'minProperties': 1}


def words(known):
    """ One of these words. """
    return {'enum': list(known)}


FLAG = {'type': 'boolean'}
INN = text(pattern=r'\A([0-9]{10}|[0-9]{12})\Z')
DAY = text(format='day')

formats = FormatChecker(formats=())


@formats.checks('day', raises=ValueError)
def _is_day(value):
    return _written_as(value, '%d.%m.%Y')


@formats.checks('moment', raises=ValueError)
def _is_moment(value):
    return _written_as(value, '%d.%m.%Y %H:%M:%S')


@formats.checks('address', raises=ValueError)
def _is_address(value):
    if not isinstance(value, str):
        return True  # its type is checked elsewhere
    parts = urlsplit(value)
    return parts.scheme in ('http', 'https') and bool(parts.hostname) and parts.port != 0


def _written_as(value, form):
    return not isinstance(value, str) or (
        datetime.strptime(value, form).strftime(form) == value)


def _check_decimals(_validator, most, value, _schema):
    if isinstance(value, Decimal):
        _sign, digits, exponent = value.as_tuple()
        written = ''.join(map(str, digits)).rstrip('0')
        if written and -exponent - (len(digits) - len(written)) > most:
            yield ValidationError(f'{value} has more than {most} decimals')


def validator(schema):
    """ Return a validator that knows decimals, days, moments and addresses. """
    return validators.extend(Draft202012Validator, {'decimals': _check_decimals})(
        schema, format_checker=formats)


def problems(shape, content, root):
    """ Return what is wrong with the fields, each with its place.

    :param shape: As `validator` returns it.
    :param str root: The name of the whole.
    :rtype: list[str]
    """
    return [
        f'{".".join(str(part) for part in error.absolute_path) or root}: {error.message}'
        for error in sorted(shape.iter_errors(content),
                            key=lambda error: str(error.absolute_path))
    ]


# === READING === #

class Number(Decimal):
    """ A number of JSON that is not whole; refusals show it as it was written. """

    __repr__ = Decimal.__str__


def read(raw):
    """ Read JSON without losing a digit.

    :param bytes raw: JSON in UTF-8.
    :raise ValueError: If it is no JSON; the text is the kind of the mistake.
    """
    try:
        content = json.loads(raw.decode(), parse_float=Number, parse_constant=_no_constant)
        json.dumps(content, default=str, ensure_ascii=False).encode()  # half of a surrogate pair
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise ValueError(type(error).__name__) from error
    return content


def _no_constant(name):
    raise ValueError(f'{name} is no number')


def plain(content):
    """ Return what was read, with its numbers as numbers of JSON. """
    return json.loads(json.dumps(content, default=float))


# === SUMS === #

def total(entries, name):
    """ Return the sum of a field. :rtype: Decimal """
    return sum((Decimal(entry[name]) for entry in entries), Decimal())


def product(price, quantity):
    """ Return a price times a quantity, rounded half up to a kopeck. """
    return (Decimal(price) * Decimal(quantity)).quantize(KOPECK, ROUND_HALF_UP)
