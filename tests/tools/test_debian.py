""" The Debian mirror is found in the machine's own apt sources, in both of apt's forms. """

from pathlib import Path

import pytest

from tools.console import Trouble
from tools.debian import KEYRING, Apt, find_mirror, read_sources

MIRROR = 'http://mirror.example.com/debian'


@pytest.fixture
def apt_folder(tmp_path):
    """ An empty /etc/apt. """
    (tmp_path / 'sources.list.d').mkdir()
    return tmp_path


# === ONE-LINE FORM === #

@pytest.mark.parametrize('line', [
    f'deb {MIRROR} bookworm main contrib',
    f'deb [arch=amd64 signed-by=/usr/share/keyrings/a.gpg] {MIRROR} bookworm main',
    f'  deb\t{MIRROR}\tbookworm\tmain # the nearest one',
])
def test_a_line_is_read(apt_folder, line):
    (apt_folder / 'sources.list').write_text(f'{line}\n')
    assert read_sources(apt_folder) == [(MIRROR, ['bookworm'])]


@pytest.mark.parametrize('line', [
    '', f'# deb {MIRROR} bookworm main', f'deb-src {MIRROR} bookworm main', f'deb {MIRROR}',
])
def test_a_line_that_names_no_packages_is_passed_over(apt_folder, line):
    (apt_folder / 'sources.list').write_text(f'{line}\n')
    assert read_sources(apt_folder) == []


def test_a_disc_is_no_mirror(apt_folder):
    (apt_folder / 'sources.list').write_text(
        'deb cdrom:[Debian GNU/Linux 12.5.0 _Bookworm_ - Official amd64 NETINST]/ bookworm main\n'
        f'deb {MIRROR} bookworm main\n'
    )
    assert find_mirror(read_sources(apt_folder)) == MIRROR


def test_all_files_are_read_in_a_fixed_order(apt_folder):
    (apt_folder / 'sources.list').write_text('deb http://one.example.com/debian trixie main\n')
    for name in ('30-b.list', '20-a.list', 'notes.txt', 'old.list.save'):
        (apt_folder / 'sources.list.d' / name).write_text(
            f'deb http://{name}.example.com/debian trixie main\n')
    assert [uri for uri, _suites in read_sources(apt_folder)] == [
        'http://one.example.com/debian',
        'http://20-a.list.example.com/debian',
        'http://30-b.list.example.com/debian',
    ]


def test_a_text_that_is_not_utf8_is_read(apt_folder):
    (apt_folder / 'sources.list').write_bytes(
        '# зеркало\n'.encode('koi8-r') + f'deb {MIRROR} sid main\n'.encode())
    assert find_mirror(read_sources(apt_folder)) == MIRROR


# === DEB822 FORM === #

def write_stanzas(apt_folder, text):
    (apt_folder / 'sources.list.d' / 'debian.sources').write_text(text)


def test_stanzas_are_read(apt_folder):
    write_stanzas(apt_folder, f"""Types: deb deb-src
# http://snapshot.example.com/archive
URIs: {MIRROR} http://second.example.com/debian
Suites: trixie trixie-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
uris: http://security.example.com/debian-security
suites: trixie-security
Components: main
""")
    assert read_sources(apt_folder) == [
        (MIRROR, ['trixie', 'trixie-updates']),
        ('http://second.example.com/debian', ['trixie', 'trixie-updates']),
        ('http://security.example.com/debian-security', ['trixie-security']),
    ]


@pytest.mark.parametrize('line', ['Enabled: no', 'Types: deb-src'])
def test_a_stanza_without_packages_is_passed_over(apt_folder, line):
    types = '' if line.startswith('Types') else 'Types: deb\n'
    write_stanzas(apt_folder, f'{types}{line}\nURIs: {MIRROR}\nSuites: sid\nComponents: main\n')
    assert read_sources(apt_folder) == []


def test_a_stanza_may_carry_its_key(apt_folder):
    write_stanzas(apt_folder, f"""Types: deb
URIs: {MIRROR}
Suites: bookworm
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mDMEZ
 -----END PGP PUBLIC KEY BLOCK-----
""")
    assert read_sources(apt_folder) == [(MIRROR, ['bookworm'])]


# === MIRROR === #

def test_other_vendors_and_the_security_archive_are_no_mirror():
    assert find_mirror([
        ('https://deb.example.com/node_20.x', ['nodistro']),
        ('https://cloud.example.com/apt', ['cloud-sdk-bookworm']),
        ('http://security.example.com/debian-security', ['bookworm-security']),
        ('http://sql.example.com/pub/repos/apt', ['bookworm-pgdg']),
        (MIRROR, ['bookworm', 'bookworm-updates']),
    ]) == MIRROR


@pytest.mark.parametrize('suite', ['sid', 'unstable', 'stable', 'trixie', 'bookworm-updates'])
def test_suites_of_debian_are_known(suite):
    assert find_mirror([(MIRROR, [suite])]) == MIRROR


@pytest.mark.parametrize('sources', [[], [('http://archive.example.com/ubuntu', ['noble'])]])
def test_a_machine_without_debian_is_told_what_to_do(sources):
    with pytest.raises(Trouble, match='ODOO_PATH'):
        find_mirror(sources)


# === APT === #

class FakeRun:
    """ Stands for running a program: records the command lines. """

    def __init__(self):
        self.calls, self.returncode, self.leaves = [], 0, None

    def __call__(self, words, cwd=None, **options):
        self.calls.append(words)
        if self.leaves:
            (cwd / self.leaves).touch()
        return self


@pytest.fixture
def run(tmp_path, monkeypatch):
    """ Apt's command lines, recorded instead of run. """
    if not Path('/usr/bin/apt-get').exists() or not KEYRING.exists():
        pytest.skip("This machine is not Debian")
    fake = FakeRun()
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    monkeypatch.setattr('tools.debian.find_mirror', lambda: MIRROR)
    monkeypatch.setattr('tools.debian.subprocess.run', fake)
    return fake


def test_apt_keeps_away_from_the_systems_state(tmp_path, run):
    Apt(('sid', 'bookworm')).update()
    sources = tmp_path / 'tochka-odoo' / 'apt' / 'sources.list'
    assert sources.read_text() == ''.join(
        f'deb [signed-by={KEYRING}] {MIRROR} {suite} main\n' for suite in ('sid', 'bookworm'))
    [words] = run.calls
    settings = dict(word.split('=', 1) for word in words if '=' in word)
    for name in ('Dir::State', 'Dir::State::status', 'Dir::Cache', 'Dir::Etc::sourcelist'):
        assert settings[name].startswith(str(tmp_path)), name
    assert settings['Dir::Etc::sourceparts'] == '/dev/null'
    assert words[-1] == 'update'
    # The check of signatures stays on.
    assert not [word for word in words if 'llow' in word or 'nauthenticated' in word]


def test_an_unreachable_mirror_is_trouble(run):
    run.returncode = 100
    with pytest.raises(Trouble, match="mirror can't be read"):
        Apt(('sid',)).update()


def test_a_package_that_cannot_be_had_is_trouble(tmp_path, run):
    run.returncode = 100
    with pytest.raises(Trouble, match="can't be downloaded"):
        Apt(('sid',)).download(['new/sid'], tmp_path)


def test_only_what_was_downloaded_now_is_returned(tmp_path, run):
    (tmp_path / 'old.deb').touch()
    run.leaves = 'new.deb'
    assert Apt(('sid',)).download(['new/sid'], tmp_path) == [tmp_path / 'new.deb']
    assert run.calls[0][-2:] == ['download', 'new/sid']


def test_a_system_without_apt_is_told_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr('tools.debian.KEYRING', tmp_path / 'missing.gpg')
    with pytest.raises(Trouble, match='ODOO_PATH'):
        Apt(('sid',))
