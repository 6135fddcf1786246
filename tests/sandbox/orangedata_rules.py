""" OrangeData's rules without the network, and requests to try them with. """

import datetime
import json

import pytest
from orangedata_shop import LINES, receipt, request_of

from sandbox.orangedata_check import validate
from sandbox.orangedata_protocol import OrangedataError
from sandbox.orangedata_till import SETTINGS
from sandbox.shape import read

NOW = datetime.datetime(2026, 3, 1, tzinfo=datetime.timezone.utc)


def check(content, kind='documents', **settings):
    """ Check a request by the sandbox's own rules. """
    validate(kind, read(json.dumps(content).encode()), {**SETTINGS, **settings}, NOW)


def wrong(content, kind='documents', **settings):
    """ Return what is wrong with a request. """
    with pytest.raises(OrangedataError) as caught:
        check(content, kind, **settings)
    assert all(any('а' <= letter <= 'я' for letter in text) for text in caught.value.errors)
    return str(caught.value)


def line(version=4, **values):
    """ Return a request with one line. None leaves a field out. """
    found = {**LINES[version], **values}
    return request_of(receipt(version, positions=[
        {name: value for name, value in found.items() if value is not None}]))


def paid(*payments, **values):
    """ Return a request with these payments. """
    return request_of(receipt(checkClose={'taxationSystem': 1, 'payments': [
        {'type': kind, 'amount': amount} for kind, amount in payments]}, **values))
