""" Validation of requests: the bank's OpenAPI file where it is present, and own checks always. """

import json
import math
import operator
import os
import re
from decimal import Decimal, InvalidOperation
from pathlib import Path

from jsonschema import Draft202012Validator, FormatChecker, ValidationError, validators
from referencing import Registry, Resource

from .bank import MODES
from .errors import BankError

# The bank names no upper limit of amounts. Ours is below what a till can count.
TOO_MUCH = 10 ** 10
DECIMAL = re.compile(r'[0-9]+(\.[0-9]{1,2})?')


def find_openapi(path=None):
    """ Return the bank's OpenAPI file: the one named, `TOCHKA_OPENAPI`, or `../shared/tochka`.

    :rtype: Path|None
    """
    candidates = [
        path, os.environ.get('TOCHKA_OPENAPI'),
        Path(__file__).resolve().parents[2] / 'shared' / 'tochka' / 'openapi.json',
    ]
    return next((Path(c) for c in candidates if c and Path(c).is_file()), None)


def is_number(_checker, value):
    """ The spec types amounts as numbers and shows them quoted; the bank takes both. """
    if isinstance(value, bool):
        return False
    if isinstance(value, str):
        return bool(DECIMAL.fullmatch(value))
    # JSON as Python reads it has NaN and Infinity.
    return isinstance(value, int) or (
        isinstance(value, (float, Decimal)) and math.isfinite(value)
    )


def bound(allows, words):
    """ Make a limit that holds for quoted numbers as well.

    :param allows: Whether a value is within a limit.
    :param str words: What to tell otherwise.
    """
    def check(validator, limit, value, _schema):
        if validator.is_type(value, 'number') and not allows(Decimal(str(value)), limit):
            yield ValidationError(f'ensure this value is {words} {limit}')
    return check


BOUNDS = {
    'minimum': bound(operator.ge, 'greater than or equal to'),
    'exclusiveMinimum': bound(operator.gt, 'greater than'),
    'maximum': bound(operator.le, 'less than or equal to'),
    'exclusiveMaximum': bound(operator.lt, 'less than'),
}


class Schema:
    """ The bank's OpenAPI file as a validator.

    :param Path|str|None path: The file; without one only the own checks hold.
    """

    def __init__(self, path=None):
        self.path = find_openapi(path)
        self.document = json.loads(self.path.read_text()) if self.path else None
        if self.document:
            self._registry = Registry().with_resource(
                'bank', Resource.from_contents(self.document, default_specification=_dialect())
            )
            self._validator = validators.extend(
                Draft202012Validator,
                BOUNDS,
                type_checker=Draft202012Validator.TYPE_CHECKER.redefine('number', is_number),
            )

    def errors(self, schema, value):
        """ Return what is wrong with a value.

        :param dict schema: A schema of the document; references are resolved within it.
        :rtype: list[str]
        """
        validator = self._validator(
            _absolute(schema), registry=self._registry, format_checker=FormatChecker()
        )
        return [
            f'{".".join(str(p) for p in error.absolute_path) or "body"}: {error.message}'
            for error in sorted(validator.iter_errors(value), key=lambda e: str(e.absolute_path))
        ]

    def operation(self, method, path):
        """ Return the description of a method and path.

        :param str path: Without the base, for instance `acquiring/v1.0/payments`.
        :return: The path of the document and the operation; None for both when there is none.
        :rtype: tuple[str|None, dict|None]
        """
        for template, methods in self.document['paths'].items():
            pattern = re.sub(r'\\\{[^/]+?\\\}', '[^/]+', re.escape(template.strip('/')))
            if re.fullmatch(pattern, path.strip('/')) and method.lower() in methods:
                return template, methods[method.lower()]
        return None, None

    def check_body(self, method, path, body):
        """ :raise BankError: If the body is not what the bank describes. """
        if not self.document:
            return
        _template, operation = self.operation(method, path)
        content = (operation or {}).get('requestBody', {}).get('content')
        if not content:
            return
        wrong = self.errors(next(iter(content.values()))['schema'], body)
        if wrong:
            raise BankError(400, wrong)


def _dialect():
    from referencing.jsonschema import DRAFT202012
    return DRAFT202012


def _absolute(schema):
    """ Point the references of a schema at the document in the registry. """
    text = json.dumps(schema).replace('"$ref": "#/', '"$ref": "bank#/')
    return json.loads(text)


def read_amount(value, name):
    """ Read an amount of a request.

    :return: Roubles.
    :rtype: Decimal
    :raise BankError: If it is no amount above zero.
    """
    try:
        if not is_number(None, value):
            raise InvalidOperation
        amount = Decimal(str(value))
    except InvalidOperation as error:
        raise BankError(400, f'{name}: value is not a valid number') from error
    if amount <= 0:
        raise BankError(400, f'{name}: ensure this value is greater than 0')
    if amount >= TOO_MUCH:
        raise BankError(400, f'{name}: ensure this value is less than {TOO_MUCH}')
    if amount.as_tuple().exponent < -2:
        raise BankError(400, f'{name}: ensure that there are at most two decimals')
    return amount


def check_payment(data, wrong=()):
    """ The own checks of a request that creates an operation.

    :param dict data: `Data` of the body.
    :param list[str] wrong: What else is wrong with it.
    :raise BankError: With one entry for each wrong field.
    """
    wrong = list(wrong)

    def text(name, minimum, maximum, required=False):
        value = data.get(name)
        if value is None:
            if required:
                wrong.append(f'{name}: field required')
        elif not isinstance(value, str) or not minimum <= len(value) <= maximum:
            wrong.append(f'{name}: must be a string of {minimum} to {maximum} characters')

    text('customerCode', 9, 9, required=True)
    text('purpose', 1, 140, required=True)
    text('merchantId', 15, 15)
    text('paymentLinkId', 1, 45)
    for name in ('redirectUrl', 'failRedirectUrl'):
        text(name, 1, 2083)
        if isinstance(data.get(name), str) and not re.match(r'https?://[^/]+', data[name]):
            wrong.append(f'{name}: invalid or missing URL scheme')
    modes = data.get('paymentMode')
    if not isinstance(modes, list) or not modes or any(mode not in MODES for mode in modes):
        wrong.append(f'paymentMode: must be a list of {", ".join(MODES)}')
    ttl = data.get('ttl')
    if ttl is not None and (isinstance(ttl, bool) or not isinstance(ttl, int)
                            or not 1 <= ttl <= 44640):
        wrong.append('ttl: must be 1 to 44640 minutes')
    try:
        read_amount(data.get('amount'), 'amount')
    except BankError as error:
        wrong += error.messages
    if wrong:
        raise BankError(400, wrong)
