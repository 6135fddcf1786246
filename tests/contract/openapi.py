""" The bank's OpenAPI file as a judge of requests and answers.

The file is the bank's and no part of this project: tests that need it are skipped where it is not.
It is found by the environment variable TOCHKA_OPENAPI, or beside the checkout.
"""

import json
import os
import re
import urllib.parse
from decimal import Decimal
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, FormatChecker, ValidationError, validators
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

ROOT = Path(__file__).resolve().parents[2]
BASE = '/uapi/'
QUOTED_DECIMAL = re.compile(r'\d+\.\d{2}')


def find_openapi():
    """ Return the bank's file.

    :rtype: Path|None
    :raise FileNotFoundError: If the one that is named does not exist.
    """
    named = os.environ.get('TOCHKA_OPENAPI')
    if named and not Path(named).is_file():
        raise FileNotFoundError(f'TOCHKA_OPENAPI names {named}, which is no file.')
    path = Path(named) if named else ROOT.parent / 'shared' / 'tochka' / 'openapi.json'
    return path if path.is_file() else None


needs_openapi = pytest.mark.skipif(
    not find_openapi(),
    reason="The bank's OpenAPI file is not here: download"
           " https://enter.tochka.com/doc/openapi/swagger.json and name it in TOCHKA_OPENAPI.",
)


def _is_number(_checker, value):
    """ A number, or one as the file's own examples write it: "1234.00". """
    if isinstance(value, str):
        return bool(QUOTED_DECIMAL.fullmatch(value))
    return Draft202012Validator.TYPE_CHECKER.is_type(value, 'number')


def _is_above(validator, minimum, value, _schema):
    """ `exclusiveMinimum` for quoted numbers as well. """
    if validator.is_type(value, 'number') and Decimal(str(value)) <= minimum:
        yield ValidationError(f'{value!r} is not above {minimum}')


STRICT = Draft202012Validator
# The file types amounts as numbers and shows them quoted; clients live by sending them quoted.
QUOTED = validators.extend(
    STRICT, {'exclusiveMinimum': _is_above},
    type_checker=STRICT.TYPE_CHECKER.redefine('number', _is_number),
)


class Contract:
    """ The bank's file.

    :param Path path: Where it is.
    """

    def __init__(self, path):
        self.document = json.loads(path.read_text(encoding='utf-8'))
        self._registry = Registry().with_resource(
            'urn:bank', Resource.from_contents(self.document, default_specification=DRAFT202012)
        )

    def schema(self, name):
        """ Return a named schema. """
        return self.document['components']['schemas'][name]

    def find(self, method, target):
        """ Return the template and the description of an operation, and the path's values.

        :param str method: The HTTP method.
        :param str target: The path, with the base and perhaps a query, as sent.
        :rtype: tuple[str, dict, dict]
        :raise AssertionError: If the bank has no such operation.
        """
        path = urllib.parse.urlsplit(target).path
        assert path.startswith(BASE), f'{path} is not below {BASE}'
        path = '/' + path.removeprefix(BASE)
        for template, operations in self.document['paths'].items():
            pattern = re.sub(r'\\\{(\w+)\\\}', r'(?P<\1>[^/]+)', re.escape(template))
            match = re.fullmatch(pattern, path)
            if match and method.lower() in operations:
                return template, operations[method.lower()], match.groupdict()
        raise AssertionError(f'The bank has no operation {method} {path}')

    def request_errors(self, method, target, body=None, validator=QUOTED):
        """ Return what is wrong with a request.

        :param dict|None body: The body as sent.
        :param validator: STRICT, or QUOTED to take quoted amounts.
        :rtype: list[str]
        """
        template, operation, path_values = self.find(method, target)
        wrong = []
        query = dict(urllib.parse.parse_qsl(
            urllib.parse.urlsplit(target).query, keep_blank_values=True
        ))
        declared = {(p['in'], p['name']): p for p in operation.get('parameters', ())}
        for name in query:
            if ('query', name) not in declared:
                wrong.append(f'query: {name} is not declared')
        for (place, name), parameter in declared.items():
            values = {'query': query, 'path': path_values}.get(place, {})
            if name in values:
                value = urllib.parse.unquote(values[name]) if place == 'path' else values[name]
                if parameter['schema'].get('type') == 'integer' and value.isdigit():
                    value = int(value)
                wrong += self._errors(parameter['schema'], value, f'{place}: {name}', validator)
            elif parameter.get('required'):
                wrong.append(f'{place}: {name} is required')
        content = operation.get('requestBody', {}).get('content')
        if not content:
            return wrong + (['body: none is declared'] if body is not None else [])
        if body is None:
            return [*wrong, 'body: missing']
        return wrong + self._errors(content['application/json']['schema'], body, 'body', validator)

    def answer_errors(self, method, target, status, content_type, body, validator=STRICT):
        """ Return what is wrong with an answer.

        :param dict body: The body's JSON.
        :rtype: list[str]
        """
        _template, operation, _values = self.find(method, target)
        if str(status) not in operation['responses']:
            return [f'status {status} is not declared']
        content = operation['responses'][str(status)]['content']
        content_type = content_type.partition(';')[0]
        if content_type not in content:
            return [f'content type {content_type} is not declared']
        return self._errors(content[content_type]['schema'], body, 'body', validator)

    def named_errors(self, name, value):
        """ Return what is wrong with a value of a named schema. :rtype: list[str] """
        return self._errors({'$ref': f'#/components/schemas/{name}'}, value, name, STRICT)

    def _errors(self, schema, value, place, validator):
        schema = json.loads(json.dumps(schema).replace('"$ref": "#/', '"$ref": "urn:bank#/'))
        checker = validator(schema, registry=self._registry, format_checker=FormatChecker())
        found = [
            f'{place}{"".join(f".{step}" for step in error.absolute_path)}: {error.message}'
            for error in checker.iter_errors(value)
        ]
        return found + [f'{place}{path}: not declared' for path in self._undeclared(schema, value)]

    def _undeclared(self, schema, value, path=''):
        """ Yield the fields that the bank does not describe: spelling mistakes, most likely. """
        if '$ref' in schema:
            schema = self.schema(schema['$ref'].rpartition('/')[2])
        assert not {'allOf', 'oneOf', 'patternProperties'} & schema.keys(), 'Not met until now.'
        if isinstance(value, dict) and 'properties' in schema:
            for name, inner in value.items():
                if name not in schema['properties']:
                    yield f'{path}.{name}'
                else:
                    yield from self._undeclared(
                        schema['properties'][name], inner, f'{path}.{name}'
                    )
        elif isinstance(value, list) and 'items' in schema:
            for index, inner in enumerate(value):
                yield from self._undeclared(schema['items'], inner, f'{path}.{index}')
