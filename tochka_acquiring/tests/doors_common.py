# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import json
import os
import unittest

from odoo import http
from odoo.tools import mute_logger

try:
    from hypothesis import HealthCheck, given, settings
    from hypothesis import strategies as st
except ImportError:  # Odoo's own runner may have only what the add-ons need.
    st = None

# An answer may take a moment on a machine that does other things as well.
SECONDS = 30


@unittest.skipUnless(st, "hypothesis is not installed")
class DoorsCommon:
    """ Whatever comes to a door, the answer is no error of the server. Beside `HttpCase`.

    The doors are read from the code: a route without a method `knock_<name of the handler>` fails.
    """

    addon = ''

    def own_doors(self):
        """ Return the routes whose handler this add-on has written or extended: the handler's name,
        and its addresses.
        """
        modules = self.env.registry._init_modules | {'base', 'web'}
        found = {}
        for url, endpoint in http._generate_routing_rules(sorted(modules), nodb_only=False):
            handler = endpoint.func
            name = handler.__name__
            if any(
                cls.__module__.startswith(f'odoo.addons.{self.addon}.') and name in vars(cls)
                for cls in type(handler.__self__).mro()
            ):
                found.setdefault(name, set()).add(url)
        return found

    def knock_at_all(self):
        doors = self.own_doors()
        self.assertTrue(doors)
        for name, urls in sorted(doors.items()):
            knock = getattr(self, f'knock_{name}', None)
            with self.subTest(name):
                self.assertTrue(knock, f"Nothing tries {name} at {sorted(urls)}")
                knock()

    # === WHAT COMES === #

    @classmethod
    def texts(cls):
        """ Texts of all kinds, some of which no database can keep. """
        return st.one_of(
            st.text(max_size=40), st.sampled_from([
                '', '\x00', 'a\x00b', '\ud800', '%00', '../../etc/passwd', '1e308', '-1', 'NaN',
                'Infinity', '９９', '0x10', '1' * 400, 'x' * 5000, "'; DROP TABLE x", '<script>',
                '\u202e', '1,5', '１', '٣', '99999999999999999999999',
            ]))

    @classmethod
    def numbers(cls):
        return st.one_of(
            st.integers(), st.floats(), st.sampled_from(
                [0, -1, 1e308, -1e308, 1e-300, 10 ** 400, 2 ** 31, 2 ** 63, float('nan'),
                 float('inf'), float('-inf'), 0.005, 1e15]))

    @classmethod
    def values(cls):
        """ Whatever JSON can say, and what Python's JSON says besides. """
        return st.recursive(
            st.one_of(st.none(), st.booleans(), cls.numbers(), cls.texts()),
            lambda inner: st.one_of(
                st.lists(inner, max_size=3), st.dictionaries(cls.texts(), inner, max_size=3)),
            max_leaves=6)

    @classmethod
    def bodies(cls):
        """ Bodies of all kinds, and how they call themselves. """
        deep = [b'[' * 20_000, b'{"a":' * 20_000]
        return st.tuples(
            st.one_of(
                st.binary(max_size=200), st.sampled_from([b'', b'\xff\xfe', b'x' * 70_000, *deep]),
                cls.values().map(lambda value: dumps(value))),
            st.sampled_from([
                'text/plain', 'application/json', 'application/x-www-form-urlencoded',
                'multipart/form-data', 'multipart/form-data; boundary=x', 'text/plain; charset=x',
                'application/json; charset=utf-16', 'x', '']))

    def fuzz(self, strategy, knock, examples=40):
        """ Call `knock` with many values of the strategy; the same ones each time, but for long
        runs.
        """
        is_long = bool(os.environ.get('TOCHKA_LONG'))

        @settings(max_examples=examples * (10 if is_long else 1), deadline=None, database=None,
                  derandomize=not is_long, suppress_health_check=list(HealthCheck))
        @given(strategy)
        def run(value):
            knock(value)

        with mute_logger('odoo.http', 'odoo.sql_db', 'odoo.addons.base.models.ir_http',
                         'odoo.addons.base.models.ir_rule', 'werkzeug', f'odoo.addons.{self.addon}',
                         'odoo.addons.payment.controllers.portal'):
            run()

    # === HOW IT IS KNOCKED === #

    def knock(self, url, method='GET', **options):
        """ Send a request. :return: The answer, which is no error of the server. """
        self.env.flush_all()
        response = self.url_open(
            url, method=method, timeout=SECONDS, allow_redirects=False, **options)
        self.env.invalidate_all()
        self.assertLess(response.status_code, 500, (method, url, options, response.text[:2000]))
        return response

    def knock_rpc(self, url, params):
        """ Call a JSON door. :return: Its answer, which may refuse and never breaks. """
        response = self.knock(url, 'POST', data=dumps({
            'jsonrpc': '2.0', 'method': 'call', 'params': params,
        }), headers={'Content-Type': 'application/json'})
        answer = response.json() if response.content else {}
        name = (answer.get('error') or {}).get('data', {}).get('name', 'odoo.exceptions')
        self.assertTrue(
            name.startswith(('odoo.exceptions', 'werkzeug.exceptions')), (url, params, answer))
        return answer

    def knock_page(self, url, *names, fixed=None, examples=40):
        """ Knock at a page, with these parameters of the query and other ones. """
        self.fuzz(
            st.dictionaries(st.one_of(st.sampled_from(names or ['x']), self.texts()),
                            self.texts(), max_size=5),
            lambda query: self.knock(url, params=list(
                encode({**(fixed or {}), **query}).items())), examples)
        self.knock_otherwise(url)

    def knock_otherwise(self, url):
        """ Knock in ways in which no browser does. """
        for method in ('POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'BREW'):
            self.knock(url, method)
        self.fuzz(self.bodies(), lambda body: self.knock(
            url, 'POST', data=body[0], headers={'Content-Type': body[1]}), 15)


def dumps(value):
    """ Return JSON, also of what is none: NaN, lone surrogates. :rtype: bytes """
    return json.dumps(value).encode()


def encode(query):
    """ Return what a query can carry: bytes, also of lone surrogates. """
    return {key.encode(errors='surrogatepass'): value.encode(errors='surrogatepass')
            for key, value in query.items()}
