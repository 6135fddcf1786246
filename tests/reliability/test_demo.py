""" The demo's data: made once, found again whatever somebody has added, or told what is wrong. """

import os

import pytest

from tools import database
from tools.demo import data_call
from tools.demo.server import fetch_json, start_sandbox

# What somebody may do in a demo: another bank with a wrong key, another till, another company.
ADD = '''
company = env['res.company'].create({'name': 'Mine', 'vat': '9900000017'})
env['tochka.connection'].create({
    'name': 'Another one', 'environment': 'custom', 'jwt_key': env['tochka.connection'].search(
        [], limit=1).jwt_key[:-4] + 'AAAA', 'company_ids': [(6, 0, company.ids)]})
env.cr.execute("UPDATE fiscal_register SET name = 'Yours'")
env['fiscal.register'].create({'name': 'Another one', 'kind': 'komtet', 'address': 'x'})
result = None
'''
LOOK = '''
result = {
    'connections': {c.name: c.state for c in env['tochka.connection'].search([])},
    'registers': {
        r.name: r.state for r in env['fiscal.register'].search([('kind', '=', 'komtet')])},
    'companies': env['res.company'].search_count([('vat', '=', '9900000017')]),
}
'''
SPOIL = '''
env.ref('tochka_demo.customer').with_context(active_test=False).partner_id.write({'name': 'Gone'})
env['ir.model.data'].search([('module', '=', 'tochka_demo'), ('name', '=', 'customer')]).unlink()
result = None
'''


@pytest.fixture(scope='module')
def demo():
    """ A database and a bank, and a function that prepares the demo's data. """
    name = database.own('tochka_again')
    database.copy(os.environ['TOCHKA_DATABASE'], name)
    sandbox, url = start_sandbox(log=f'{name}_bank.log')
    try:
        credentials = fetch_json(f'{url}/_control/credentials')
        yield name, lambda: data_call.prepare_both(name, url, credentials, 'http://127.0.0.1:9')
    finally:
        sandbox.stop()
        database.drop(name)


def test_its_own_records_are_found_again(demo):
    name, prepare = demo
    before = prepare()
    data_call.call(name, ADD)
    after = prepare()
    assert not {one['id'] for one in before} & {one['id'] for one in after}
    found = data_call.call(name, LOOK)
    assert found['connections'] == {'Точка Банк': 'connected', 'Another one': 'draft'}
    assert found['registers'] == {'Yours': 'ready', 'Another one': 'draft'}
    assert found['companies'] == 2
    # The last one of the file: nothing goes on after it.
    data_call.call(name, SPOIL)
    with pytest.raises(data_call.DataTrouble) as caught:
        prepare()
    text = str(caught.value)
    assert 'tochka_demo.customer' in text and '\n' not in text and 'Traceback' not in text
