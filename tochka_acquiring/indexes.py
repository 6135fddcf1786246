# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import contextlib
import logging
import time

import psycopg2
from psycopg2 import sql

from odoo import models
from odoo.sql_db import connection_info_for
from odoo.tools.sql import make_identifier

_logger = logging.getLogger(__name__)

# How long a build waits for each transaction of others, which it does not hold up meanwhile: longer
# than any job of Odoo may last.
PATIENCE = '5min'


def build_indexes(cr, module, obsolete=()):
    """ Build the indexes of an add-on that are missing, while the shop goes on.

    Odoo builds an index inside the upgrade's transaction: until that ends nobody can write to the
    table. `CONCURRENTLY` keeps nobody out, but works outside of transactions only, and waits for
    all that began before: that of the upgrade is therefore ended first. Odoo itself ends it after
    each add-on, so that nothing is half done here. It then finds each index by its name and
    comment. What can't be built this way (its column is new, or others do not end their
    transactions) Odoo builds as ever. So it does where the add-on is installed for the first time:
    it has to alter the same tables anyway.

    :param cr: The upgrade's cursor, before it has touched the tables.
    :param str module: The add-on; its models are imported.
    :param obsolete: The names of indexes that nothing needs any more.
    :return: None
    """
    wanted = {
        make_identifier(f'{table}_{index.name}'): (table, index)
        for definition in models.MetaModel._module_to_models__[module]
        for table in [definition._name.replace('.', '_')]
        for index in definition._table_object_definitions
        # Whether a unique one can be built is no question of time.
        if isinstance(index, models.Index) and not index.unique
    }
    cr.commit()
    with _autocommit(cr.dbname) as own_cr:
        for name, (table, index) in wanted.items():
            _build(own_cr, name, table, index)
        for name in obsolete:
            try:
                _drop(own_cr, name)
            except psycopg2.Error as error:
                _logger.warning("The index %s is not needed and can't be dropped: %s", name, error)


@contextlib.contextmanager
def _autocommit(dbname):
    """ Have a cursor whose statements are no transaction, alone in the whole database: of two Odoos
    that upgrade at once, one would take what the other has begun for a ruin.
    """
    _name, info = connection_info_for(dbname)
    connection = psycopg2.connect(**info)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [PATIENCE])
            # Who waits inside a statement would be waited for by the build. The end of the
            # connection, whatever ends it, frees the lock.
            cursor.execute("SELECT pg_try_advisory_lock(hashtext('tochka_acquiring.indexes'))")
            while not cursor.fetchone()[0]:
                _logger.info("Another Odoo is building the indexes")
                time.sleep(1)
                cursor.execute("SELECT pg_try_advisory_lock(hashtext('tochka_acquiring.indexes'))")
            yield cursor
    finally:
        connection.close()


def _build(cursor, name, table, index):
    """ Build one index, unless it is there. """
    comment = index.get_definition(None)
    valid, known = _look(cursor, name)
    if valid and known in (None, comment):
        return  # Without a comment it is an administrator's own, as Odoo sees it.
    _logger.info("Building the index %s on %s; the shop can go on", name, table)
    try:
        if valid is not None:
            _drop(cursor, name)  # It has changed, or its building was killed.
        cursor.execute(sql.SQL("CREATE INDEX CONCURRENTLY {} ON {} {}").format(
            sql.Identifier(name), sql.Identifier(table), sql.SQL(index._index_definition)))
        cursor.execute(sql.SQL("COMMENT ON INDEX {} IS {}").format(
            sql.Identifier(name), sql.Literal(comment)))
    except (psycopg2.errors.UndefinedTable, psycopg2.errors.UndefinedColumn):
        _logger.info("%s is built by Odoo: its table or column is new", name)
    except psycopg2.Error as error:
        _logger.warning(
            "%s is built by Odoo, and nobody can write to %s meanwhile: %s", name, table, error)
        _disown(cursor, name)


def _look(cursor, name):
    """ Return whether an index can be used (None: there is none), and its comment. """
    cursor.execute("""
        SELECT index.indisvalid, obj_description(class.oid, 'pg_class')
          FROM pg_class class JOIN pg_index index ON index.indexrelid = class.oid
         WHERE class.relname = %s AND class.relnamespace = current_schema::regnamespace
    """, [name])
    return cursor.fetchone() or (None, None)


def _drop(cursor, name):
    cursor.execute(
        sql.SQL("DROP INDEX CONCURRENTLY IF EXISTS {}").format(sql.Identifier(name)))


def _disown(cursor, name):
    """ Mark an index that was begun and not ended, or Odoo would take it for a good one. With a
    comment that is none of its own, Odoo drops it and builds it anew.
    """
    if _look(cursor, name)[0] is False:
        # Unlike `DROP INDEX` it waits for nobody who writes to the table.
        cursor.execute(sql.SQL("COMMENT ON INDEX {} IS 'not valid'").format(sql.Identifier(name)))
