""" The payment page, as a browser without JavaScript and as a script see it. """

import base64
import re
from html.parser import HTMLParser
from urllib.parse import unquote

from sandbox_client import COMPANY

OK, NO = 'https://shop.example.com/ok', 'https://shop.example.com/no'
MODES = ['sbp', 'card', 'tinkoff', 'dolyame']


class Page(HTMLParser):
    """ A page by the ids of its elements.

    :param requests.Response answer: The page.
    """

    def __init__(self, answer):
        super().__init__()
        self.status = answer.status_code
        self.text = answer.text
        self.ids = {}
        self.fields = {}
        self.form = None
        self.feed(answer.text)

    def handle_starttag(self, tag, attrs):
        """ Keep what a browser test would look for. """
        attributes = dict(attrs)
        if 'id' in attributes:
            self.ids[attributes['id']] = attributes
        if tag == 'form':
            self.form = attributes
        if tag == 'input' and attributes.get('type') == 'hidden':
            self.fields[attributes['name']] = attributes['value']


def open_page(api, operation_id):
    """ Open a payment link. """
    return Page(api.http.get(f'{api.url}/order/?uuid={operation_id}', timeout=20))


def test_page_shows_what_is_paid_and_how(api):
    created = api.create(paymentMode=MODES, paymentLinkId='INV-9', purpose='Счёт <17> & «18»')
    page = open_page(api, created['operationId'])
    assert page.status == 200
    assert 'lang="ru"' in page.text and 'name="viewport"' in page.text
    assert '1234.50 ₽' in page.text and 'INV-9' in page.text
    assert 'Счёт &lt;17&gt; &amp; «18»' in page.text
    assert {'purpose', 'amount', 'pay', 'decline', 'pay-and-close', 'card', 'qr'} <= set(page.ids)
    assert [page.ids[f'method-{mode}']['value'] for mode in MODES] == MODES
    assert page.ids['card']['value'].replace(' ', '').isdigit()


def test_only_allowed_ways_are_shown(api):
    page = open_page(api, api.create(paymentMode=['card'])['operationId'])
    assert 'method-card' in page.ids
    assert not {'method-sbp', 'method-tinkoff', 'method-dolyame', 'qr'} & set(page.ids)
    page = open_page(api, api.create(paymentMode=['sbp'])['operationId'])
    assert 'qr' in page.ids and 'card' not in page.ids


def test_qr_is_a_picture(api):
    page = open_page(api, api.create()['operationId'])
    kind, _comma, content = page.ids['qr']['src'].partition(',')
    assert kind.startswith('data:image/svg+xml')
    picture = base64.b64decode(content).decode() if 'base64' in kind else unquote(content)
    assert '<svg' in picture and '<path' in picture


def test_form_of_the_page_pays(api):
    operation_id = api.create(redirectUrl=OK)['operationId']
    page = open_page(api, operation_id)
    assert page.form['method'] == 'post'
    answer = api.http.post(
        api.url + page.form['action'], allow_redirects=False, timeout=20,
        data={**page.fields, 'method': page.ids['method-sbp']['value'],
              page.ids['pay']['name']: page.ids['pay']['value']},
    )
    assert (answer.status_code, answer.headers['Location']) == (303, OK)
    operation = api.read(operation_id)
    assert (operation['status'], operation['paymentType']) == ('APPROVED', 'sbp')


def test_decline_leaves_the_operation_open_for_another_try(api):
    operation_id = api.create(redirectUrl=OK, failRedirectUrl=NO)['operationId']
    answer = api.pay_by_form(operation_id, outcome='decline')
    assert (answer.status_code, answer.headers['Location']) == (303, NO)
    operation = api.read(operation_id)
    assert (operation['status'], operation['Order']) == ('CREATED', [])
    [raw] = api.control('operations')
    assert raw['declines'] == 1
    assert api.pay_by_form(operation_id).headers['Location'] == OK
    assert api.read(operation_id)['status'] == 'APPROVED'


def test_without_return_addresses_the_payer_stays_with_the_bank(api):
    operation_id = api.create()['operationId']
    location = api.pay_by_form(operation_id, outcome='decline').headers['Location']
    page = Page(api.http.get(api.url + location, timeout=20))
    assert 'declined' in page.ids and 'pay' in page.ids
    location = api.pay_by_form(operation_id).headers['Location']
    page = Page(api.http.get(api.url + location, timeout=20))
    assert 'Оплачено' in page.text and 'pay' not in page.ids


def test_paid_and_never_returned(api):
    operation_id = api.create(redirectUrl=OK)['operationId']
    answer = api.pay_by_form(operation_id, outcome='pay_and_close')
    assert answer.status_code == 200 and 'Location' not in answer.headers
    assert 'Оплачено' in answer.text
    assert api.read(operation_id)['status'] == 'APPROVED'


def test_way_that_is_not_offered_is_refused(api):
    operation_id = api.create(paymentMode=['card'])['operationId']
    for method in ('sbp', 'cash', ''):
        assert api.pay_by_form(operation_id, method=method).status_code == 400
    assert api.read(operation_id)['status'] == 'CREATED'


def test_unknown_link(api):
    page = open_page(api, 'nonsense')
    assert page.status == 404 and 'pay' not in page.ids
    assert api.pay_by_form('nonsense').status_code == 400


def test_dead_link_shows_that_it_is_dead(api):
    operation_id = api.create(ttl=1)['operationId']
    api.control('clock', advance=61)
    page = open_page(api, operation_id)
    assert re.search('Срок действия ссылки истёк', page.text)
    assert 'pay' not in page.ids
    api.control('variants', late_pay=True)
    assert 'pay' in open_page(api, operation_id).ids
    assert api.pay_by_form(operation_id).status_code == 303


def test_refunded_link_cannot_be_paid_again(api):
    operation_id = api.paid()
    api.control(f'refund/{operation_id}', amount='1234.50')
    page = open_page(api, operation_id)
    assert 'Платёж возвращён' in page.text and 'pay' not in page.ids


def test_opened_page_lives_an_hour_and_reopening_makes_a_new_one(api):
    operation_id = api.create(ttl=1000)['operationId']
    open_page(api, operation_id)
    api.control('clock', advance=3601)
    assert api.pay_by_form(operation_id).status_code == 400
    assert api.read(operation_id)['status'] == 'CREATED'
    open_page(api, operation_id)
    assert api.pay_by_form(operation_id).status_code == 303
    assert api.read(operation_id)['status'] == 'APPROVED'


def test_paying_needs_no_key_but_knows_the_company(api):
    operation_id = api.create()['operationId']
    assert api.http.get(f'{api.url}/order/?uuid={operation_id}', timeout=20).ok
    assert api.read(operation_id)['customerCode'] == COMPANY


def test_unknown_outcome_is_refused(api):
    operation_id = api.create()['operationId']
    assert api.pay_by_form(operation_id, outcome='abandon').status_code == 400
    assert api.read(operation_id)['status'] == 'CREATED'
