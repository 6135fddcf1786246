""" The register services of the sandbox, and how each is entered in Odoo. """

import base64
import json
from datetime import datetime
from decimal import Decimal


class Service:
    """ One register service, entered in Odoo as an accountant would.

    :param Stack stack: The running stack.
    """

    kind = name = ''
    # How printing and asking are called, as the sandbox's faults know them.
    posts = gets = ''
    # What the till can refuse, as the sandbox is told it.
    till_error = {}
    # Whether a lost receipt can be asked for by its key, or by repeating it.
    can_ask = True
    # How the sandbox can tell of results.
    callbacks = ('once', 'lost', 'doubled', 'late')

    def __init__(self, stack):
        self.stack = stack
        self.register_id = self.find() or self.enter()
        stack.call('fiscal.register', 'action_check', [self.register_id])
        [register] = stack.read('fiscal.register', [('id', '=', self.register_id)], [
            'state', 'problem_ids'])
        assert register['state'] == 'ready', register

    def find(self):
        """ Return the id of the register if it is entered already. """
        found = self.stack.read('fiscal.register', [('kind', '=', self.kind)], ['id'])
        return found and found[0]['id']

    def enter(self):
        """ Enter the register. :return: Its id. """
        return self.stack.call('fiscal.register', 'create', {
            'name': self.name, 'kind': self.kind, 'address': self.stack.odoo_url,
            'public_url': self.stack.odoo_url,
            # As many as it takes to be as fast as the sandbox is.
            'tills': 1000,
            **self.credentials(),
        })

    def credentials(self):
        """ Return the fields that the sandbox's credentials go to. """
        raise NotImplementedError

    def choose(self):
        """ Let this register print from now on. """
        self.stack.call('payment.provider', 'write', self.stack.provider(), {
            'fiscal_register_id': self.register_id})

    def control(self, path, *values, **options):
        """ Call the control of this service. """
        return self.stack.control(f'{self.kind}/{path}', *values, **options)

    def ledger(self):
        """ Return what was printed: keys, numbers of documents, kopecks. """
        return [(line['key'], str(line['fiscal_data']['1040']), kopecks(line['1020']))
                for line in self.control('ledger')]


    def tell(self, keys):
        """ Let the service tell of results that Odoo has missed.

        :param set keys: Of which receipts, by Odoo's own numbers.
        """
        for callback in self.control('callbacks'):
            content = json.loads(callback['body'])
            if content['external_id'] in keys:
                keys = keys - {content['external_id']}
                self.control('callbacks', {'url': callback['url'], 'send': content})


class Komtet(Service):
    """ KOMTET Kassa, which the demo's data has entered. """

    kind = 'komtet'
    posts = gets = '^/komtet/api/'
    till_error = {'text': "Нет бумаги"}
    can_ask = False
    callbacks = (*Service.callbacks, 'forged', 'unsigned')

    def ledger(self):
        return [(line['external_id'], line['fiscal_data']['i'], kopecks(line['total']))
                for line in self.control('ledger')]


class Atol(Service):
    """ ATOL Online, FFD 1.2. """

    kind, name = 'atol', "Касса школы (АТОЛ)"
    posts, gets = '^/atol/possystem/v5/[^/]+/sell$', '^/atol/possystem/v5/[^/]+/report/'
    till_error = {'code': 165, 'text': "Нет бумаги"}

    def credentials(self):
        given = self.stack.control('credentials')['atol']['v5']
        return {
            'url': given['url'].rpartition('/')[0], 'atol_login': given['login'],
            'atol_password': given['password'], 'atol_group': given['group_code'],
            'atol_inn': given['inn'], 'atol_sender': 'school@example.com',
        }


class OrangeData(Service):
    """ OrangeData, FFD 1.2. """

    kind, name = 'orangedata', "Касса школы (OrangeData)"
    posts, gets = '^/api/v2/documents/$', '^/api/v2/documents/[^/]+/status/'
    till_error = {'status': 422}

    def credentials(self):
        given = self.stack.control('credentials?orangedata=1')['orangedata']
        return {
            'url': given['url'], 'orangedata_inn': given['inn'],
            'orangedata_group': given['group'], 'orangedata_key_name': given['key'],
            'orangedata_authority': given['ca'],
            'orangedata_certificate_file': given['client_p12'],
            'orangedata_passphrase': given['client_key_password'],
            'orangedata_sign_file': base64.b64encode(given['sign_key_xml'].encode()).decode(),
        }

    def tell(self, keys):
        """ It finds every receipt by its key: Odoo asks. """


class PayKeeper(Service):
    """ PayKeeper that has confirmed what it does with a repeated `receipt_key`. """

    kind, name = 'paykeeper', "Касса школы (PayKeeper)"
    posts, gets = '^/paykeeper/change/receipt/print/$', '^/paykeeper/info/receipts/byid/$'
    till_error = {'text': "Нет бумаги"}

    def credentials(self):
        given = self.stack.control('credentials')['paykeeper']
        self.control('settings', {'tax_system': 1})
        return {
            'url': given['url'], 'paykeeper_user': given['user'],
            'paykeeper_password': given['password'], 'paykeeper_taxation_system': 'osn',
            'paykeeper_repeats': True,
        }

    def tell(self, keys):
        """ It has no address for results: a person looks into the cabinet, and enters the numbers.
        """
        for line in self.control('ledger'):
            if line['key'] in keys:
                data = line['fiscal_data']
                [attempt] = self.stack.read('fiscal.attempt', [('key', '=', line['key'])], [
                    'receipt_id'])
                wizard = self.stack.call('fiscal.resolve', 'create', {
                    'receipt_id': attempt['receipt_id'][0], 'fate': 'printed',
                    'storage_number': data['1041'], 'document_number': str(data['1040']),
                    'fiscal_sign': data['1077'],
                    'moment': datetime.fromisoformat(data['1012']).strftime('%d.%m.%Y %H:%M'),
                })
                self.stack.call('fiscal.resolve', 'action_apply', [wizard])


SERVICES = {service.kind: service for service in (Komtet, Atol, OrangeData, PayKeeper)}


def kopecks(roubles):
    """ Return kopecks. """
    return int(Decimal(str(roubles)) * 100)
