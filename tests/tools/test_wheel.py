""" What pip installs is all that the add-ons need: Odoo skips missing migrations silently. """

import ast
import os
import sys
import zipfile
from pathlib import Path

import pytest

from tests.packing import build_sdist, build_wheel, copy_source, run

ADDONS = ('tochka_acquiring', 'tochka_fiscal')
# Odoo looks for scripts by the graph of what is to be upgraded: a graph of these two.
SCRIPTS = '''
from types import SimpleNamespace

from odoo.modules import migration
from odoo.modules.module import initialize_sys_path

initialize_sys_path()
manager = migration.MigrationManager(SimpleNamespace(dbname='none'), [
    SimpleNamespace(name=name, load_state='to upgrade')
    for name in ('tochka_acquiring', 'tochka_fiscal')
])
for addon, kinds in manager.migrations.items():
    for version, paths in kinds['module'].items():
        for path in paths:
            print(addon, version, path)
'''


@pytest.fixture(scope='module')
def source(tmp_path_factory):
    """ Return a copy of the project. """
    return copy_source(tmp_path_factory.mktemp('source'))


@pytest.fixture(scope='module')
def files(source):
    """ Return the names of all files of the add-ons. """
    found = {
        str(path.relative_to(source)) for addon in ADDONS for path in (source / addon).rglob('*')
        if path.is_file()
    }
    assert any('/migrations/' in name for name in found)
    return found


@pytest.fixture(scope='module')
def sdist(source, tmp_path_factory):
    """ Return the unpacked source package. """
    return build_sdist(source, tmp_path_factory.mktemp('sdist'))


@pytest.fixture(scope='module')
def wheel(sdist, tmp_path_factory):
    """ Return the wheel, made of the source package. """
    return build_wheel(sdist, tmp_path_factory.mktemp('wheel'))


def test_sdist_has_every_file(sdist, files):
    """ Whoever builds from the source package has all of it. """
    assert not [name for name in files if not (sdist / name).is_file()]


def test_wheel_has_every_file(wheel, files):
    """ Nothing but the add-ons, and all of them, under the name by which Odoo finds them. """
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.endswith('/')}
    prefix = 'odoo/addons/'
    packed = {name for name in names if '.dist-info/' not in name}
    assert packed == {prefix + name for name in files}


def test_version_follows_the_manifests(wheel, source):
    """ A wheel with newer files of any add-on is a newer wheel. """
    first, second = (
        ast.literal_eval((source / addon / '__manifest__.py').read_text())['version']
        for addon in ADDONS)
    assert wheel.name.split('-')[1] == f"{first}.{second.removeprefix('19.0.')}"


def test_odoo_finds_the_scripts(wheel, files, tmp_path):
    """ Odoo's own search for migrations finds each script where pip has put it. """
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    odoo = os.environ['TOCHKA_ODOO_ROOT']
    found = run([sys.executable, '-c', SCRIPTS], tmp_path,
                PYTHONPATH=f'{odoo}{os.pathsep}{tmp_path}')
    scripts = {
        str(Path(line.split()[2]).relative_to(tmp_path / 'odoo/addons'))
        for line in found.splitlines()}
    assert scripts == {
        name for name in files
        if name.endswith('.py') and name.split('/')[1] == 'migrations'}
