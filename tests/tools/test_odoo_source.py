""" The user's Odoo is found in each of its shapes; broken links of packages are mended. """

import pytest

from tools import odoo_source
from tools.console import Trouble
from tools.odoo_source import addons_paths, find_odoo, find_script

RELEASE = "version_info = (19, 0, 0, FINAL, 0, '')\n"


@pytest.fixture
def checkout(tmp_path):
    """ A git checkout of Odoo 19.0, as far as its shape goes. """
    root = tmp_path / 'odoo-checkout'
    for folder in ('odoo/addons/base', 'addons/account'):
        (root / folder).mkdir(parents=True)
    (root / 'odoo' / 'release.py').write_text(RELEASE)
    return root


# === ODOO_PATH === #

@pytest.mark.parametrize('inside', ['', 'odoo'])
def test_the_users_odoo_is_taken(checkout, monkeypatch, inside):
    monkeypatch.setenv('ODOO_PATH', str(checkout / inside))
    assert find_odoo() == checkout


def test_the_path_may_begin_at_home(checkout, monkeypatch):
    monkeypatch.setenv('HOME', str(checkout.parent))
    monkeypatch.setenv('ODOO_PATH', f'~/{checkout.name}')
    assert find_odoo() == checkout


@pytest.mark.parametrize('version', ["(18, 0, 0, FINAL, 0, '')", "('saas~19', 1, 0, FINAL, 0, '')"])
def test_another_version_is_refused(checkout, monkeypatch, version):
    (checkout / 'odoo' / 'release.py').write_text(f'version_info = {version}\n')
    monkeypatch.setenv('ODOO_PATH', str(checkout))
    with pytest.raises(Trouble, match=r'is not Odoo 19\.0'):
        find_odoo()


def test_a_folder_without_odoo_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv('ODOO_PATH', str(tmp_path))
    with pytest.raises(Trouble, match='holds no Odoo'):
        find_odoo()


def test_a_prepared_odoo_is_not_prepared_again(tmp_path, monkeypatch):
    prepared = []

    def prepare(target):
        prepared.append(target)
        target.mkdir()

    monkeypatch.delenv('ODOO_PATH', raising=False)
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    monkeypatch.setattr(odoo_source, '_prepare', prepare)
    assert find_odoo() == find_odoo() == prepared[0] / odoo_source.PACKAGE_ROOT
    assert len(prepared) == 1
    # Another list of packages is another folder.
    monkeypatch.setattr(odoo_source, 'PACKAGES', ('odoo-19/sid',))
    find_odoo()
    assert len(set(prepared)) == 2


# === FOLDERS OF ADD-ONS === #

def test_a_checkout_has_two_folders_of_addons(checkout):
    assert addons_paths(checkout) == [checkout / 'addons', checkout / 'odoo' / 'addons']


def test_an_installed_odoo_has_one_folder_of_addons(tmp_path):
    (tmp_path / 'odoo' / 'addons' / 'account').mkdir(parents=True)
    assert addons_paths(tmp_path) == [tmp_path / 'odoo' / 'addons']


# === ODOO'S SCRIPT === #

@pytest.mark.parametrize(('root', 'script'), [
    ('checkout', 'checkout/odoo-bin'),
    ('usr/lib/python3/dist-packages', 'usr/bin/odoo'),
    ('env/lib/python3.11/site-packages', 'env/bin/odoo'),
])
def test_odoo_is_started_by_its_own_script(tmp_path, root, script):
    (tmp_path / root).mkdir(parents=True)
    (tmp_path / script).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / script).write_text('')
    assert find_script(tmp_path / root) == tmp_path / script


def test_odoo_without_a_script_is_refused(checkout):
    with pytest.raises(Trouble, match='no script that starts Odoo'):
        find_script(checkout)


# === LINKS === #

@pytest.fixture
def unpacked(tmp_path):
    """ Unpacked packages, with the link whose target another package has renamed. """
    addons = tmp_path / odoo_source.PACKAGE_ROOT / 'odoo' / 'addons'
    [name] = odoo_source.MOVED
    (addons / name).parent.mkdir(parents=True)
    (addons / name).symlink_to('../../../nowhere/Inconsolata.otf')
    return tmp_path, addons, addons / name


def test_a_link_to_a_renamed_file_is_mended(unpacked, capsys):
    folder, addons, link = unpacked
    font = folder / 'usr/share/fonts/opentype/inconsolata/Inconsolata-Regular.otf'
    font.parent.mkdir(parents=True)
    font.write_text('font')
    odoo_source._mend_links(folder, addons)
    assert link.read_text() == 'font'
    assert not link.readlink().is_absolute()
    assert capsys.readouterr().err == ''


def test_links_that_stay_broken_are_named(unpacked, capsys):
    folder, addons, link = unpacked
    odoo_source._mend_links(folder, addons)
    assert f'{link.relative_to(addons)} points nowhere' in capsys.readouterr().err
