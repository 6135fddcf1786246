""" An earlier version's database is upgraded by the wheel that pip has installed, while the shop
goes on.
"""

import ast
import re
import threading

import jwt
import pytest

from tests.upgrade.conftest import ADDONS
from tools import database
from tools.layout import ROOT

# Odoo is started again and again: on a busy machine that takes minutes.
pytestmark = pytest.mark.timeout(900)

FIRST = '2f9aa6a^'  # 19.0.1.0.0, of acquiring alone: a JWT key and nothing else
LANDED = '1fa5a5f'  # 19.0.1.2.0 and 19.0.0.5.0
VERSIONS = {
    addon: ast.literal_eval((ROOT / addon / '__manifest__.py').read_text())['version']
    for addon in ADDONS
}
INDEXES = """
    SELECT name.name, index.indisvalid FROM ir_model_constraint name
      JOIN ir_module_module module ON module.id = name.module
      LEFT JOIN pg_class class ON class.relname = name.name
      LEFT JOIN pg_index index ON index.indexrelid = class.oid
     WHERE name.type = 'i' AND name.definition NOT LIKE 'UNIQUE %%' AND module.name = ANY(%s)
"""
MAKE_SHOP = """
from tests import paid_shop
paid_shop.prepare(env)
env.cr.commit()
"""
# What a person was to look at, as the landed version kept it.
MAKE_PROBLEMS = """
from odoo.addons.tochka_acquiring.api import errors
from odoo.addons.tochka_fiscal.registers import base
payment = env['payment.transaction'].search([('tochka_operation_id', '=', 'first')])
payment._tochka_flag("Old words, still to be done.")
payment._tochka_flag("More old words.")
done = payment.copy({'reference': 'second', 'tochka_problem': "Words that somebody has read."})
connection = payment.tochka_merchant_id.connection_id
connection._tochka_report_problem(errors.NotSent("Nobody there", audit_id='a-9'))
connection._tochka_update_problems()
draft = env['tochka.connection'].create({'name': "Draft", 'problem': "The key is wrong."})
env['fiscal.register'].search([])[:1]._fiscal_report_problem(base.Unauthorized("Bad secret"))
payment.fiscal_receipt_ids._fiscal_ask("Fiscal receipt overdue", "Not printed yet.")
env.cr.commit()
"""
# Own tags, one of them a fixed text; two shops whose rules told which one takes a document.
MAKE_TEMPLATE = """
ref = env['ir.model.fields']._get('res.partner', 'ref')
env['tochka.details.tag'].create([
    {'name': "contract", 'source': 'payer', 'field_id': ref.id, 'text': "none"},
    {'name': "city", 'source': 'text', 'text': "Tver {1}"},
])
provider = env['payment.provider'].search([('tochka_merchant_id', '!=', False)])
provider.tochka_details_template = "{payer} { contract }, {city}"
plan = env['account.analytic.plan'].create({'name': "Shops"})
account = env['account.analytic.account'].create({'name': "Books", 'plan_id': plan.id})
journal = env['account.journal'].search(
    [('type', '=', 'sale'), ('company_id', '=', provider.company_id.id)], limit=1)
for sequence, name, rule in (
    (1, "By account", {'tochka_analytic_ids': account.ids}),
    (2, "By journal", {'tochka_journal_ids': journal.ids}),
):
    provider.copy({'name': name, 'sequence': sequence}).write(rule)
env.cr.commit()
"""
SHOPS = """
    SELECT name->>'en_US' FROM payment_provider
     WHERE name->>'en_US' IN ('By account', 'By journal') ORDER BY sequence
"""
PROBLEMS = """
    SELECT problem.res_model, problem.code, problem.severity,
           COALESCE(problem.params->>'text', problem.params->>'error'),
           activity.id IS NOT NULL AND activity.active, problem.closed_at IS NULL,
           problem.user_id IS NOT NULL
      FROM tochka_problem problem
      LEFT JOIN mail_activity activity ON activity.id = problem.activity_id
     WHERE problem.code IN ('note', 'access', 'register_refused')
"""
KEY = jwt.encode({'iss': 'client'}, 'secret' * 6, 'HS256')
MAKE_CONNECTION = f"""
env['tochka.connection'].create({{'name': "Bank", 'jwt_key': {KEY!r}}})
env.cr.commit()
"""
BUILD_AT_ONCE = """
from odoo.addons.tochka_acquiring import indexes
indexes.PATIENCE = {patience!r}
indexes.build_indexes(env.cr, 'tochka_fiscal')
"""


def _versions(shop):
    return dict(shop.query(
        "SELECT name, latest_version FROM ir_module_module WHERE name = ANY(%s)"
        " AND state = 'installed'", list(ADDONS)))


def _wait_for(process, sentence):
    """ Read the log up to a sentence, and go on reading it in a thread.

    :return: A function that waits for the end and returns the whole log.
    """
    lines = []
    for line in process.stdout:
        lines.append(line)
        if sentence in line:
            break
    else:
        pytest.fail(f'{sentence!r} never came:\n' + ''.join(lines)[-6000:])
    thread = threading.Thread(target=lambda: lines.extend(process.stdout))
    thread.start()

    def finish():
        thread.join()
        assert not process.wait(), ''.join(lines)[-6000:]
        return ''.join(lines)
    return finish


def test_from_the_first_version(shop, earlier, installed):
    """ A key that was entered before there was OAuth is a key still. """
    shop.run('-i', 'tochka_acquiring', '--stop-after-init', addons=earlier(FIRST))
    shop.run('shell', addons=earlier(FIRST), script=MAKE_CONNECTION)
    log = shop.run('-u', 'tochka_acquiring', '--stop-after-init', installed=installed)
    assert re.findall(r'Running migration \[>?([\d.]+)>?\] (\S+)', log)
    assert _versions(shop) == {'tochka_acquiring': VERSIONS['tochka_acquiring']}
    [connection] = shop.query(
        "SELECT auth_method, jwt_key, client_id FROM tochka_connection")
    assert connection == ('jwt', KEY, 'client')
    indexes = shop.query(INDEXES, ['tochka_acquiring'])
    assert indexes and all(valid for _name, valid in indexes), indexes


def test_from_the_landed_version(shop, earlier, installed):
    """ The indexes are built while somebody pays; what was paid and printed is as it was; two
    Odoos do it once; who never ends a transaction leaves no ruin behind.
    """
    landed = earlier(LANDED)
    shop.run('-i', ','.join(ADDONS), '--stop-after-init', addons=landed)
    shop.run('shell', addons=landed, script=MAKE_SHOP)
    shop.run('shell', addons=landed, script=MAKE_PROBLEMS)
    shop.run('shell', addons=landed, script=MAKE_TEMPLATE)
    [(activities,)] = shop.query("SELECT count(*) FROM mail_activity WHERE active")
    books = """
        SELECT tx.state, tx.is_post_processed, tx.payment_id, receipt.state, receipt.total,
               receipt.partner_id, event.state, connection.auth_method
          FROM payment_transaction tx
          JOIN fiscal_receipt receipt ON receipt.transaction_id = tx.id
          JOIN tochka_webhook_event event ON event.transaction_id = tx.id
          JOIN tochka_connection connection ON connection.id = event.connection_id
    """
    before = shop.query(books)
    # An upgrade was killed while it built this one.
    shop.query("CREATE INDEX payment_transaction_tochka_done_idx ON payment_transaction (id)")
    shop.query("UPDATE pg_index SET indisvalid = false WHERE indexrelid ="
               " 'payment_transaction_tochka_done_idx'::regclass")

    # Somebody's transaction began before, and goes on.
    payer = shop.connect()
    with payer.cursor() as cursor:
        cursor.execute("UPDATE payment_transaction SET landing_route = '/my'")
    process = shop.odoo('-u', 'tochka_acquiring', '--stop-after-init', installed=installed)
    finish = _wait_for(process, 'Building the index ')
    # Each look of its own: inside a transaction PostgreSQL would show the same for ever.
    other = database.connect(shop.name)
    with other.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', '20s', false)")
        # Until the build waits for the transaction, in whose way it does not stand.
        while True:
            cursor.execute("SELECT FROM pg_stat_activity WHERE datname = current_database()"
                           " AND query LIKE 'CREATE INDEX CONCURRENTLY%'"
                           " AND wait_event_type = 'Lock'")
            if cursor.rowcount:
                break
            assert process.poll() is None
        cursor.execute("INSERT INTO tochka_webhook_event (digest, source, state, received_at)"
                       " VALUES ('second', 'webhook', 'ignored', now())")
    other.close()
    payer.commit()
    payer.close()
    log = finish()
    assert ' ERROR ' not in log, log[-6000:]
    # Of a table or a column that is new, which is empty, Odoo builds it without delay.
    new = re.findall(r'(\S+) is built by Odoo: its table or column is new', log)
    assert log.count(' is built by Odoo') == len(new), log[-6000:]

    assert _versions(shop) == VERSIONS
    assert shop.query(books) == before
    assert dict(shop.query("SELECT reference, tochka_meant_for FROM payment_transaction")) == {
        'first': 'document', 'second': 'balance'}
    # Nothing that was written is lost, and whoever was asked is asked still, by the same activity.
    words = "Old words, still to be done.\nMore old words."
    assert set(shop.query(PROBLEMS)) == {
        ('payment.transaction', 'note', '2_warning', words, True, True, True),
        ('payment.transaction', 'note', '2_warning', "Words that somebody has read.",
         False, False, True),
        ('tochka.connection', 'access', '1_danger', "Nobody there (audit id a-9)",
         True, True, True),
        ('tochka.connection', 'access', '1_danger', "The key is wrong.", False, True, True),
        ('fiscal.register', 'register_refused', '1_danger', "Bad secret", True, True, True),
        ('fiscal.receipt', 'note', '2_warning', "Fiscal receipt overdue\nNot printed yet.",
         True, True, True),
    }
    assert shop.query("SELECT count(*) FROM mail_activity WHERE active") == [(activities,)]
    assert not shop.query(
        "SELECT FROM information_schema.columns WHERE table_name = 'payment_transaction'"
        " AND column_name = 'tochka_problem'")
    assert set(shop.query(
        "SELECT tochka_details_template FROM payment_provider"
        " WHERE tochka_details_template != ''")) == {
            ("{payer} {payer.ref|none}, Tver (1)",)}
    assert [name for (name,) in shop.query(SHOPS)] == ["By journal", "By account"]
    indexes = dict(shop.query(INDEXES, list(ADDONS)))
    assert set(re.findall(r'Building the index (\S+) on', log)) | set(new) == set(indexes)
    assert all(indexes.values())
    assert not shop.query(
        "SELECT indexname FROM pg_indexes WHERE indexname = ANY(%s)", [
            'payment_transaction__tochka_operation_id_index', 'fiscal_attempt__key_index'])

    _check_two_at_once(shop, installed)
    _check_lasting_transaction(shop, installed)


def _check_two_at_once(shop, installed):
    """ Two Odoos find the same index missing; one builds it. """
    shop.query("DROP INDEX fiscal_receipt_partner_idx")
    first = shop.connect()
    with first.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext('tochka_acquiring.indexes'))")
    first.commit()
    script = BUILD_AT_ONCE.format(patience='5min')
    ends = [
        _wait_for(shop.odoo('shell', installed=installed, script=script), 'Another Odoo')
        for _odoo in range(2)]
    first.close()
    logs = ''.join(end() for end in ends)
    assert logs.count('Building the index') == 1
    assert ' is built by Odoo' not in logs
    assert dict(shop.query(INDEXES, list(ADDONS)))['fiscal_receipt_partner_idx']


def _check_lasting_transaction(shop, installed):
    """ Where somebody does not end a transaction, the index is left to Odoo, which builds it. """
    shop.query("DROP INDEX fiscal_receipt_partner_idx")
    lasting = shop.connect()
    with lasting.cursor() as cursor:
        cursor.execute("UPDATE fiscal_receipt SET tries = tries")
    log = shop.odoo('shell', installed=installed, script=BUILD_AT_ONCE.format(patience='100ms'))
    log = log.stdout.read()
    assert 'fiscal_receipt_partner_idx is built by Odoo' in log, log
    lasting.close()
    assert not dict(shop.query(INDEXES, list(ADDONS)))['fiscal_receipt_partner_idx']
    log = shop.run('-u', 'tochka_fiscal', '--stop-after-init', installed=installed)
    assert 'Building the index' not in log
    assert dict(shop.query(INDEXES, list(ADDONS)))['fiscal_receipt_partner_idx']
