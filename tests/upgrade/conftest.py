""" Databases of earlier versions, and the wheel that upgrades them. """

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.packing import build_sdist, build_wheel, copy_source, run
from tools import database
from tools.layout import ROOT
from tools.odoo_run import command, environment
from tools.odoo_source import addons_paths

ADDONS = ('tochka_acquiring', 'tochka_fiscal')


@pytest.fixture(scope='session')
def installed(tmp_path_factory):
    """ Return the folder into which pip has installed the wheel of the add-ons as they are now. """
    source = copy_source(tmp_path_factory.mktemp('source'))
    wheel = build_wheel(
        build_sdist(source, tmp_path_factory.mktemp('sdist')), tmp_path_factory.mktemp('wheel'))
    folder = tmp_path_factory.mktemp('installed')
    run([sys.executable, '-m', 'pip', 'install', '--quiet', '--no-deps', '--no-index',
         '--no-compile', '--target', folder, wheel], folder)
    return folder


@pytest.fixture
def earlier(tmp_path):
    """ Return a function that unpacks the add-ons of a commit and returns their folder. """
    def unpack(commit):
        archive = tmp_path / 'earlier.tar'
        packed = subprocess.run(
            ['git', 'archive', '-o', archive, commit], cwd=ROOT, capture_output=True, text=True)
        if packed.returncode:
            pytest.skip(f'The history of the project is needed: {packed.stderr.strip()}')
        folder = tmp_path / 'addons'
        with tarfile.open(archive) as opened:
            opened.extractall(folder, filter='data', members=[
                member for member in opened if member.name.split('/')[0] in ADDONS])
        return folder
    return unpack


@pytest.fixture
def shop():
    """ Return a database of Odoo's own add-ons, and drop it in the end. """
    name = database.own('tochka_upgrade')
    database.copy(database.base('small'), name)
    yield Shop(name)
    database.drop(name)


class Shop:
    """ A database, and Odoo that runs with other add-ons than those of this folder. """

    def __init__(self, name):
        self.name = name

    def odoo(self, *words, addons=None, installed=None, script=None):
        """ Start Odoo.

        :param Path addons: A folder of add-ons.
        :param Path installed: A folder into which pip has installed them.
        :param str script: What its shell does.
        :rtype: subprocess.Popen
        """
        odoo = Path(os.environ['TOCHKA_ODOO_ROOT'])
        paths = [*addons_paths(odoo), *([addons] if addons else [])]
        python_path = os.pathsep.join(
            map(str, filter(None, [installed, odoo, ROOT, os.environ.get('PYTHONPATH')])))
        process = subprocess.Popen(
            command(*words, '-d', self.name, '--no-http', '--max-cron-threads=0',
                    f'--addons-path={",".join(map(str, paths))}'),
            env=environment(PYTHONPATH=python_path), text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if script:
            process.stdin.write(script)
        process.stdin.close()
        return process

    def run(self, *words, **options):
        """ Run Odoo to its end.

        :return: Its log; an error in it fails the test.
        :rtype: str
        """
        process = self.odoo(*words, **options)
        log = process.stdout.read()
        assert not process.wait() and ' ERROR ' not in log and 'Traceback' not in log, log[-6000:]
        return log

    def connect(self):
        """ Return a connection whose transactions are the test's to end. """
        connection = database.connect(self.name)
        connection.autocommit = False
        return connection

    def query(self, statement, *values):
        """ Return the rows of a query. """
        connection = self.connect()
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(statement, values)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()
