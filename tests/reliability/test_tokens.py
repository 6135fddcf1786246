""" The access is renewed by one worker at a time; lost answers and killed workers do no harm. """

import re
import xmlrpc.client
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest
import requests

SECRET = 'secret-of-school'


@pytest.fixture(scope='module')
def connection(stack):
    """ A connection by OAuth, made by an administrator with an own session. """
    stack.control('apps', {'client_id': 'school', 'client_secret': SECRET})
    [company] = stack.read('res.company', [('vat', '=', '9900000017')], ['id'])
    connection_id = stack.call('tochka.connection', 'create', {
        'name': 'OAuth', 'environment': 'custom', 'client_id': 'school', 'client_secret': SECRET,
        'company_ids': [[6, 0, [company['id']]]], 'notification_mode': 'poll',
        'public_url': stack.odoo_url,
    })
    give_consent(stack, connection_id)
    [values] = stack.read('tochka.connection', [('id', '=', connection_id)], ['state'])
    assert values['state'] == 'connected'
    # The jobs that renew accesses as well stand still meanwhile: a test says who renews, and when.
    switch_renewing_jobs(stack, on=False)
    yield connection_id
    switch_renewing_jobs(stack, on=True)


def switch_renewing_jobs(stack, on):
    """ Let the jobs that renew accesses by themselves run, or not. """
    sql(stack, "UPDATE ir_cron SET active = %s WHERE id IN (SELECT res_id FROM ir_model_data"
               " WHERE model = 'ir.cron' AND module = 'tochka_acquiring'"
               " AND name IN ('cron_renew_access', 'cron_refresh'))", on)


def give_consent(stack, connection_id):
    """ Open the bank's page and press its button, as the administrator's browser does. """
    session = requests.Session()
    login = session.get(f'{stack.odoo_url}/web/login', timeout=30).text
    session.post(f'{stack.odoo_url}/web/login', timeout=30, data={
        'login': 'admin', 'password': 'admin',
        'csrf_token': re.search(r'csrf_token: "([^"]+)"', login)[1],
    })
    action = stack.call('tochka.connection', 'action_open_consent', [connection_id])
    page = session.get(action['url'], timeout=30).text
    form = re.findall(r'<input type="(?:hidden|checkbox)" name="(\w+)" value="([^"]*)"', page)
    answer = session.post(action['url'].split('?')[0], timeout=60, data=[
        *((name, value.replace('&amp;', '&')) for name, value in form), ('outcome', 'allow')])
    assert f'/odoo/tochka-connections/{connection_id}' in answer.url, answer.text[:2000]


def sql(stack, statement, *values):
    """ Run a statement in the database: tokens can be read in no other way. """
    with psycopg2.connect(dbname=stack.name) as database, database.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else None


def let_access_end(stack, connection_id, seconds):
    """ Move the end of the access near. """
    sql(stack, "UPDATE tochka_token SET access_expires_at = (now() at time zone 'UTC')"
               " + %s * interval '1 second' WHERE connection_id = %s", seconds, connection_id)


def tokens(stack, connection_id):
    """ Return access token, refresh token and state of the renewal. """
    [row] = sql(stack, 'SELECT access_token, refresh_token, renewal FROM tochka_token'
                       ' WHERE connection_id = %s', connection_id)
    return row


def renewals(stack):
    """ Return how often the bank was asked to renew. """
    return sum((r.get('body') or {}).get('grant_type') == 'refresh_token'
               for r in stack.control('requests') if r['path'] == '/connect/token')


def connect(stack, connection_id):
    """ Press the button that reads the data. """
    return stack.__class__(stack.odoo_url, stack.sandbox_url, stack.name).call(
        'tochka.connection', 'action_connect', [connection_id])['params']['type']


def test_many_workers_renew_once(stack, connection):
    before, old = renewals(stack), tokens(stack, connection)
    let_access_end(stack, connection, 60)  # still alive, but about to end
    stack.control('faults', {'kind': 'slow', 'path': '/connect/token', 'seconds': 1.5})
    with ThreadPoolExecutor(4) as pool:
        kinds = list(pool.map(lambda _n: connect(stack, connection), range(4)))
    assert 'success' in kinds
    assert renewals(stack) == before + 1
    new = tokens(stack, connection)
    assert new[:2] != old[:2] and new[2] is None
    assert connect(stack, connection) == 'success'


def test_lost_answer_leaves_the_access_working(stack, connection):
    """ The bank has taken the refresh token, and its answer never arrives. """
    stack.control('variants', {'old_refresh_token': 'works'})
    let_access_end(stack, connection, 60)
    old = tokens(stack, connection)
    stack.control('faults', {'kind': 'close_after', 'path': '/connect/token', 'times': 100})
    assert connect(stack, connection) == 'success'
    assert tokens(stack, connection) == (*old[:2], 'lost')
    stack.control('faults', method='DELETE')
    assert connect(stack, connection) == 'success'  # the old one is tried again
    new = tokens(stack, connection)
    assert new[1] != old[1] and new[2] is None


def test_refused_after_a_lost_answer_asks_a_person_once(stack, connection):
    stack.control('variants', {'old_refresh_token': 'refused'})
    let_access_end(stack, connection, 60)
    stack.control('faults', {'kind': 'close_after', 'path': '/connect/token'})
    for _count in range(3):
        assert connect(stack, connection) == 'success'
    assert tokens(stack, connection)[2] == 'refused'
    activities = stack.read('mail.activity', [
        ('res_model', '=', 'tochka.connection'), ('res_id', '=', connection)], ['summary'])
    assert len(activities) == 1, activities
    count = renewals(stack)
    let_access_end(stack, connection, -1)
    assert connect(stack, connection) == 'danger'
    assert renewals(stack) == count, "A refused token is not tried for ever"
    # The remedy that the activity names.
    give_consent(stack, connection)
    assert connect(stack, connection) == 'success'
    assert not stack.read('mail.activity', [
        ('res_model', '=', 'tochka.connection'), ('res_id', '=', connection)], ['summary'])


def test_killed_while_renewing(stack, connection):
    """ The worker dies between the bank's answer and the commit: the old token is tried again. """
    stack.control('variants', {'old_refresh_token': 'works'})
    let_access_end(stack, connection, 600)
    old = tokens(stack, connection)
    let_access_end(stack, connection, 60)
    stack.control('faults', {'kind': 'slow', 'path': '/connect/token', 'seconds': 3})
    with ThreadPoolExecutor(1) as pool:
        pool.submit(connect, stack, connection)  # its answer never comes
        stack.wait_for_faults()
        stack.kill_odoo()
    assert tokens(stack, connection)[:2] == old[:2]
    stack.start_odoo()
    assert connect(stack, connection) == 'success'
    assert tokens(stack, connection)[1] != old[1]


def test_a_request_that_fails_keeps_the_new_access(stack, connection):
    """ The bank has taken the old refresh token: what it gave is kept, whatever becomes of the
    request that asked for it.
    """
    stack.control('variants', {'old_refresh_token': 'refused'})
    let_access_end(stack, connection, 60)
    old = tokens(stack, connection)
    [model] = stack.read('ir.model', [('model', '=', 'tochka.connection')], ['id'])
    action = stack.call('ir.actions.server', 'create', {
        'name': 'A request that fails', 'model_id': model['id'], 'state': 'code',
        'code': f"env['tochka.connection'].browse({connection})._access_token()\n"
                "raise UserError('for another reason')"})
    with pytest.raises(xmlrpc.client.Fault, match='for another reason'):
        stack.call('ir.actions.server', 'run', [action])
    new = tokens(stack, connection)
    assert new[1] != old[1] and new[2] is None
    assert connect(stack, connection) == 'success'
