""" A customer's browser without a browser: opens the portal link, pays, comes back. """

import re
import time
import urllib.parse

import requests
from lxml import html

WAIT_SECONDS = 60


class CustomerError(Exception):
    """ The customer could not pay; the message says at which step. """


class Customer:
    """ Pays one invoice as an anonymous visitor with the portal link (incognito).

    :param str odoo_url: Where Odoo is reached.
    """

    def __init__(self, odoo_url):
        self._odoo_url = odoo_url
        self._session = requests.Session()

    def pay(self, portal_path, method='card'):
        """ Pay the invoice behind a portal link.

        :param str portal_path: Path and query of the link, with the access token.
        :param str method: The code of the payment method.
        :raise CustomerError: If a page does not offer what a customer needs.
        """
        bank_page = self._submit(self._begin(portal_path, method))
        self._pay_at_the_bank(bank_page, {'card': 'card', 'sbp': 'sbp'}[method])
        self._wait()

    def open_bank_page(self, portal_path, method='card'):
        """ Go to the bank's page and stop there.

        :return: The operation.
        :rtype: str
        :raise CustomerError: If a page does not offer what a customer needs.
        """
        page = self._submit(self._begin(portal_path, method))
        return self._one(page, '//input[@name="uuid"]', 'what to pay').get('value')

    def _begin(self, portal_path, method):
        """ Press Pay in the portal. :return: The form that leads to the bank. """
        page = self._get(portal_path)
        form = self._one(page, '//form[@id="o_payment_form"]', 'the payment form')
        option = self._one(
            page, f'//input[@name="o_payment_radio"][@data-payment-method-code="{method}"]',
            f'the method {method}',
        )
        processing = self._rpc(form.get('data-transaction-route'), {
            'provider_id': int(option.get('data-provider-id')),
            'payment_method_id': int(option.get('data-payment-option-id')),
            'token_id': None,
            'amount': float(form.get('data-amount')) if form.get('data-amount') else None,
            'flow': 'redirect',
            'tokenization_requested': False,
            'landing_route': form.get('data-landing-route'),
            'is_validation': False,
            'access_token': form.get('data-access-token'),
            'csrf_token': self._csrf_token(page),
        })
        if not processing.get('redirect_form_html'):
            raise CustomerError(f"No way to the bank: {processing.get('state_message')}")
        return processing['redirect_form_html']

    def _get(self, path):
        response = self._session.get(urllib.parse.urljoin(self._odoo_url, path), timeout=60)
        if response.status_code != 200:
            raise CustomerError(f'{path.split("?")[0]} answered with {response.status_code}')
        return html.fromstring(response.text)

    @staticmethod
    def _one(page, xpath, name):
        found = page.xpath(xpath)
        if not found:
            raise CustomerError(f'The page does not show {name}')
        return found[0]

    @staticmethod
    def _csrf_token(page):
        match = re.search(r'csrf_token:\s*"([^"]+)"', html.tostring(page, encoding='unicode'))
        return match and match[1]

    def _rpc(self, path, params):
        response = self._session.post(
            urllib.parse.urljoin(self._odoo_url, path), timeout=90,
            json={'jsonrpc': '2.0', 'method': 'call', 'params': params},
        ).json()
        if 'error' in response:
            raise CustomerError(f"{path}: {response['error']['data']['message']}")
        return response['result']

    def _submit(self, form_html):
        form = html.fromstring(form_html)
        form = form if form.tag == 'form' else form.xpath('//form')[0]
        values = {field.get('name'): field.get('value') for field in form.xpath('.//input')}
        response = self._session.get(form.get('action'), params=values, timeout=30)
        if response.status_code != 200:
            raise CustomerError(f"The bank's page answered with {response.status_code}")
        page = html.fromstring(response.text)
        page.make_links_absolute(response.url)
        return page

    def _pay_at_the_bank(self, page, mode):
        operation_id = self._one(page, '//input[@name="uuid"]', 'what to pay').get('value')
        action = self._one(page, '//form', "the bank's form").get('action')
        response = self._session.post(
            action, data={'uuid': operation_id, 'method': mode, 'outcome': 'pay'}, timeout=60,
        )
        if '/payment/status' not in response.url:
            raise CustomerError(f'The bank led to {response.url} instead of the status page')

    def _wait(self):
        """ Wait on the status page as its script does. """
        until = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < until:
            try:
                values = self._rpc('/payment/status/poll', {})
            except CustomerError as error:
                if 'retry' not in str(error):
                    raise
                values = {'state': 'retry'}
            if values['state'] in ('authorized', 'done', 'cancel', 'error'):
                return
            time.sleep(1)
        raise CustomerError('The status page did not come to an end')
