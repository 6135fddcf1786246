""" What tests of the clients against the sandbox share. """

import itertools
import json
import urllib.request
from dataclasses import replace
from decimal import Decimal

from tests.served import wait_until
from tochka_fiscal import const

KEYS = itertools.count(1)


def caller(sandbox):
    """ Return a function that calls the sandbox's control API. """
    root = sandbox.url.partition('/uapi')[0].rstrip('/')

    def call(path, values=None, method=None):
        request = urllib.request.Request(
            f'{root}/_control/{path}',
            data=None if values is None else json.dumps(values).encode(),
            headers={'Content-Type': 'application/json'},
            method=method or ('GET' if values is None else 'POST'))
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    return call


def keyed(one):
    """ Return a receipt with a key of its own. """
    return replace(one, key=f'c0ffee-{next(KEYS)}')


def wait_done(register, key, task=''):
    """ Ask until a receipt is printed or has failed. :rtype: Result """
    def final():
        result = register.status(key, task)
        return result if result.state != 'accepted' else None

    return wait_until(final, "the printed receipt")


def meaning(one, ffd, name=lambda text: text):
    """ Return what the fiscal document must say, in tags.

    :param Receipt one: The receipt.
    :param str ffd: `1.05` or `1.2`.
    :param name: What the register makes of a name.
    """
    lines = []
    for line in one.lines:
        tags = {
            '1030': name(line.name), '1079': roubles(line.price), '1023': f'{line.quantity:f}',
            '1043': roubles(line.total), '1199': const.VATS[line.vat],
            '1212': 33 if line.mark else const.FISCAL_SUBJECTS[line.subject],
            '1214': const.FISCAL_METHODS[line.method],
        }
        if line.agent:
            tags['1222'] = const.AGENTS[line.agent]
        if line.supplier:
            tags['1226'] = line.supplier.inn
        if ffd == '1.2':
            tags['2108'] = line.measure
        if line.mark:
            tags['2003'] = 1 if one.kind == 'income' else 3
        lines.append(tags)
    return {
        'key': one.key, '1054': const.KINDS[one.kind],
        '1055': const.TAXATION_SYSTEMS[one.taxation_system],
        '1008': one.email or one.phone, '1020': roubles(one.total),
        '1209': 2 if ffd == '1.05' else 4,
        'lines': lines,
        'payments': {str(tag): roubles(one.payments.get(kind, 0))
                     for kind, tag in const.PAYMENT_TYPES.items()},
    }


def roubles(kopecks):
    """ Write kopecks as roubles. """
    return f'{Decimal(kopecks).scaleb(-2):.2f}'


def assert_said(entry, wanted):
    """ Whatever is wanted stands in the ledger's entry. """
    for name, value in wanted.items():
        if name == 'lines':
            assert len(entry['lines']) == len(value)
            for got, line in zip(entry['lines'], value, strict=True):
                assert {tag: got.get(tag) for tag in line} == line
        else:
            assert entry[name] == value, name


def assert_proved(entry, result, one):
    """ The proof that came back is that of the ledger's entry. """
    assert result.fiscal.total == one.total
    assert [int(entry['fiscal_data'][tag]) for tag in ('1040', '1041', '1077')] == [
        int(value) for value in (
            result.fiscal.document, result.fiscal.storage, result.fiscal.sign)]
