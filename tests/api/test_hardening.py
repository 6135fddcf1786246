""" What the client once took, leaked or explained wrongly. """

import traceback
from datetime import date
from decimal import Decimal

import pytest

from tochka_acquiring.api.client import check_base_url, to_wire
from tochka_acquiring.api.errors import NotSent, OutcomeUnknown, TlsError, TochkaError
from tochka_acquiring.api.operation import to_amount
from tochka_acquiring.api.text import payment_link_id

from .certificates import issue, server_context
from .conftest import TOKEN
from .server import answer

GOOD = answer({'Data': {'Customer': []}})


def test_a_key_with_a_line_break_is_not_quoted(serve, make_client):
    server = serve(GOOD)
    with pytest.raises(TochkaError) as caught:
        make_client(server, token=f'{TOKEN[:40]}\n{TOKEN[40:]}').customers()
    assert server.requests == []
    assert TOKEN[:40] not in ''.join(traceback.format_exception(caught.value))
    assert isinstance(caught.value, NotSent)


def test_a_key_with_letters_of_another_alphabet(serve, make_client):
    with pytest.raises(NotSent):
        make_client(serve(GOOD), token='ключ').customers()


def test_netrc_does_not_replace_the_key(serve, make_client, tmp_path, monkeypatch):
    netrc = tmp_path / 'netrc'
    netrc.write_text('default login somebody password something\n')
    monkeypatch.setenv('NETRC', str(netrc))
    server = serve(GOOD)
    make_client(server).customers()
    assert server.requests[0].headers['Authorization'] == f'Bearer {TOKEN}'


def test_payment_modes_that_are_no_list(serve, make_client):
    server = serve(answer({'Data': {'Retailer': [{'status': 'REG', 'paymentModes': 5}]}}))
    with pytest.raises(OutcomeUnknown):
        make_client(server).retailers('301112223')


@pytest.mark.parametrize('meta', [{}, {'Meta': None}, {'Meta': {'totalPages': 'two'}}])
def test_a_list_of_unknown_length_is_no_whole_list(serve, make_client, meta):
    entry = {'operationId': 'op-1', 'status': 'CREATED', 'amount': 1}
    server = serve(answer({'Data': {'Operation': [entry]}, **meta}))
    client = make_client(server)
    with pytest.raises(OutcomeUnknown):
        list(client.list_payments('301112223', date(2026, 9, 1), date(2026, 9, 1), per_page=1))


def test_another_operation_is_not_the_one_asked_for(serve, make_client):
    entry = {'operationId': 'op-2', 'status': 'APPROVED', 'amount': 1}
    with pytest.raises(OutcomeUnknown):
        make_client(serve(answer({'Data': {'Operation': [entry]}}))).get_payment('op-1')


@pytest.mark.parametrize('sent', ['1_000', '١٢', '-5', -5])
def test_what_only_python_takes_for_an_amount(sent):
    with pytest.raises(ValueError):
        to_amount(sent)


@pytest.mark.parametrize('amount', ['Infinity', 'sNaN', '1E+30'])
def test_amounts_beyond_all_measure(amount):
    with pytest.raises(ValueError):
        to_wire(Decimal(amount))


def test_a_bare_digest_is_not_taken_over():
    foreign = payment_link_id('Счёт', 'u')
    assert payment_link_id(foreign.rpartition('-')[0], 'u') != foreign


def test_a_wrong_name_is_not_blamed_on_the_authority(serve, make_client):
    root = issue('Private Root CA', ca=True)
    server = serve(GOOD, tls=server_context(issue('bank', root, hosts=['bank.example'])))
    with pytest.raises(TlsError) as caught:
        make_client(server, ca_pem=root.pem).customers()
    assert 'upload its root certificate' not in str(caught.value)


@pytest.mark.parametrize('url', [
    'https://user:password@enter.tochka.com/uapi/', 'https://enter.tochka.com/uapi/?a=1',
    'https://enter.tochka.com/uapi/#a', 'https://enter.tochka.com:99999/',
])
def test_addresses_with_more_than_a_path(url):
    with pytest.raises(ValueError) as caught:
        check_base_url(url)
    assert 'password' not in str(caught.value)


def test_the_key_goes_to_no_other_host(serve, make_client):
    server, other = serve(GOOD), serve(GOOD)
    with pytest.raises(ValueError):
        make_client(server)._transport.request('GET', other.url)
    assert other.requests == []
