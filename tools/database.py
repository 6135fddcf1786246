""" Databases for tests and the demo, made from templates that are kept. """

import os
import shutil
import sys
from pathlib import Path

import psycopg2
from psycopg2 import sql

from . import watched
from .console import Trouble, say
from .layout import ROOT, digest, exclusive
from .odoo_run import ADDONS, command, data_dir, environment

# Odoo's own add-ons by the name of the set. `full` meets the optional apps, `small` has none. With
# the stock app many things behave otherwise: `stock` is for the tests of that, and of gift cards.
SETS = {
    'full': ('account_payment', 'sale_management', 'website_sale'),
    'stock': ('account_payment', 'sale_stock', 'sale_loyalty'),
    'small': ('account_payment',),
}
IGNORED = ('tests', '__pycache__')


def addons_digest():
    """ Return a name for the contents of the add-ons, tests left out. """
    files = sorted(
        path for addon in ADDONS for path in (ROOT / addon).rglob('*')
        if path.is_file() and not set(path.relative_to(ROOT).parts) & set(IGNORED)
    )
    return digest(*(part for path in files for part in (str(path.relative_to(ROOT)), path)))


def connect(name='postgres'):
    """ Return an autocommitting connection. """
    connection = psycopg2.connect(dbname=name)
    connection.autocommit = True
    return connection


def _execute(statement, *names):
    connection = connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL(statement).format(*names))
    finally:
        connection.close()


def get_stamp(name):
    """ Return what a database was made from, or None when there is no such database. """
    connection = connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT COALESCE(shobj_description(oid, 'pg_database'), '') FROM pg_database"
                " WHERE datname = %s", [name],
            )
            row = cursor.fetchone()
            return row and row[0]
    finally:
        connection.close()


def set_stamp(name, stamp):
    """ Keep what a database was made from. """
    _execute("COMMENT ON DATABASE {} IS {}", sql.Identifier(name), sql.Literal(stamp))


def drop(name):
    """ Drop a database, with whoever is connected. """
    _execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", sql.Identifier(name))
    shutil.rmtree(_filestore(name), ignore_errors=True)


def copy(source, target):
    """ Make a database as a copy of another one, with its files. """
    drop(target)
    _execute(
        "CREATE DATABASE {} TEMPLATE {}", sql.Identifier(target), sql.Identifier(source)
    )
    if _filestore(source).is_dir():
        # Odoo never changes a stored file, so that both may share it.
        shutil.copytree(_filestore(source), _filestore(target), copy_function=os.link)


def _filestore(name):
    return data_dir() / 'filestore' / name


def install(name, modules, *options):
    """ Create a database or add modules to it.

    :raise Trouble: If Odoo fails or logs an error.
    """
    result = watched.run(
        command('-d', name, '-i', ','.join(modules), '--stop-after-init', '--no-http',
                '--log-level=warn', *options),
        env=environment(),
    )
    if result.returncode or ' ERROR ' in result.stderr or ' CRITICAL ' in result.stderr:
        raise Trouble(f'Odoo could not install {", ".join(modules)}.\n{result.stderr[-6000:]}')


def load_russian(name):
    """ Add Russian beside English. Loaded at creation it would become everybody's language. """
    result = watched.run(
        command('i18n', 'loadlang', '-d', name, '-l', 'ru_RU'), env=environment())
    if result.returncode:
        raise Trouble(f'Odoo could not load Russian.\n{result.stderr[-3000:]}')


def base_stamp(kind):
    """ Return what a template is made from: the modules, Odoo, and how this file makes it. """
    odoo = Path(os.environ['TOCHKA_ODOO_ROOT'])
    # The same package in another cache is the same Odoo.
    name = next((part for part in odoo.parts if part.startswith('odoo-')), str(odoo))
    return digest(repr(SETS[kind]), name, Path(__file__))


def own(name):
    """ Return the name of a database of this clone alone: several may share a PostgreSQL. """
    return f'{name}_{digest(str(ROOT))[:6]}'


def base(kind):
    """ Return a database with Odoo's own add-ons of a set, made once and kept.

    :param str kind: A name of `SETS`.
    :rtype: str
    """
    modules = SETS[kind]
    stamp = base_stamp(kind)
    # Clones of another age that share the server make it otherwise, and keep theirs.
    name = f'tochka_base_{kind}_{stamp[:6]}'
    with exclusive(name):
        if get_stamp(name) != stamp:
            say(f"Creating the template database of Odoo with {', '.join(modules)}"
                " (about a minute)")
            drop(name)
            install(name, modules)
            load_russian(name)
            set_stamp(name, stamp)
    return name


def prepared():
    """ Return the database of `full` with what all classes of tests make first: worth its time
    where many of them run.

    :rtype: str
    :raise Trouble: If it can't be made.
    """
    source = ready('full')
    name = own('tochka_models')
    script = [ROOT / ADDONS[0] / 'tests' / file for file in (
        'prepare.py', 'prepared.py', 'common.py')]
    stamp = digest(get_stamp(source), *script)
    with exclusive(name):
        if get_stamp(name) != stamp:
            say(f'Preparing the database {name}')
            copy(source, name)
            result = watched.run(
                [sys.executable, '-m', 'pytest', f'--odoo-database={name}', str(script[0])],
                env=environment(), cwd=ROOT)
            if result.returncode:
                raise Trouble(f'The database for tests could not be prepared.\n{result.stdout}')
            set_stamp(name, stamp)
    return name


def ready(kind):
    """ Return a database with the add-ons as they are now, made anew when they have changed.

    :param str kind: A name of `SETS`.
    :rtype: str
    """
    name = own(f'tochka_{kind}')
    stamp = digest(base_stamp(kind), addons_digest())
    with exclusive(name):
        if get_stamp(name) != stamp:
            source = base(kind)
            say(f"Installing {', '.join(ADDONS)} in the database {name}")
            copy(source, name)
            install(name, ADDONS)
            set_stamp(name, stamp)
    return name
