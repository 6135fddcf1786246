# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import contextlib
import logging

import psycopg2
from psycopg2 import sql

from odoo import models
from odoo.sql_db import connection_info_for
from odoo.tools.sql import make_identifier

_logger = logging.getLogger(__name__)

# How long a build waits for the transactions of others, which it does not hold up meanwhile: longer
# than a job of Odoo may last.
PATIENCE = '5min'


def build_indexes(cr, module):
    """ Build the indexes of an add-on that are missing, while the shop goes on.

    Odoo builds an index inside the upgrade's transaction: until its commit nobody can write to the
    table. `CONCURRENTLY` keeps nobody out, but needs a connection without a transaction, and waits
    for all older transactions; that of the upgrade is therefore ended first (Odoo itself commits
    after each add-on, so that nothing is half done here). Odoo finds what is built by its name and
    its comment. What can't be built this way (a column is new, or others do not end their
    transactions) is left for Odoo to build as ever.

    :param cr: The upgrade's cursor, before it has touched the tables.
    :param str module: The add-on.
    :return: None
    """
    wanted = {
        make_identifier(f'{table}_{index.name}'): (table, index)
        for definition in models.MetaModel._module_to_models__[module]
        for table in [definition._name.replace('.', '_')]
        for index in definition._table_object_definitions
        # Whether a new unique one can be built is no matter of time.
        if isinstance(index, models.Index) and not index.unique
    }
    cr.commit()
    with _autocommit(cr.dbname) as own_cr:
        for name, (table, index) in wanted.items():
            comment = index.get_definition(None)
            valid, known = _look(own_cr, name)
            if valid and known in (None, comment):
                continue  # Without a comment it is an administrator's own.
            _logger.info("Building the index %s on %s; the shop can go on", name, table)
            try:
                if valid is not None:
                    _drop(own_cr, name)
                own_cr.execute(sql.SQL("CREATE INDEX CONCURRENTLY {} ON {} {}").format(
                    sql.Identifier(name), sql.Identifier(table),
                    sql.SQL(index._index_definition)))
                own_cr.execute(sql.SQL("COMMENT ON INDEX {} IS {}").format(
                    sql.Identifier(name), sql.Literal(comment)))
            except (psycopg2.errors.UndefinedTable, psycopg2.errors.UndefinedColumn):
                _logger.info("%s is built by Odoo: its table or column is new", name)
            except psycopg2.Error as error:
                _logger.warning("%s is built by Odoo, and nobody can write to %s meanwhile: %s",
                                name, table, error)
                _forget(cr, own_cr, name)


def drop_indexes(cr, names):
    """ Drop indexes that nothing needs any more, while the shop goes on.

    :param cr: The upgrade's cursor, before it has touched the tables.
    :param names: Their names; one that does not exist is no error.
    :return: None
    """
    cr.commit()
    with _autocommit(cr.dbname) as own_cr:
        for name in names:
            try:
                _drop(own_cr, name)
            except psycopg2.Error as error:
                _logger.warning("The index %s is not needed and can't be dropped: %s", name, error)


@contextlib.contextmanager
def _autocommit(dbname):
    """ Have a cursor whose statements are no transaction. """
    _name, info = connection_info_for(dbname)
    connection = psycopg2.connect(**info)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [PATIENCE])
            yield cursor
    finally:
        connection.close()


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


def _forget(cr, own_cr, name):
    """ Drop an index that was begun and not ended: Odoo would take it for a good one. """
    valid, _comment = _look(own_cr, name)
    if valid is None:
        return
    try:
        # Waits for nobody but those who are at the table this moment.
        own_cr.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    except psycopg2.Error as error:
        _logger.error(
            "The index %s is not valid and can't be dropped: %s Drop it by hand, and upgrade once"
            " more.", name, error)
