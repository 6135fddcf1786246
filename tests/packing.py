""" Packing the add-ons as a user of pip gets them. """

import os
import subprocess
import sys
import tarfile

from tools.layout import ROOT


def run(command, folder, **environment):
    """ Run a command in a folder. :return: What it has printed. """
    result = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env={**os.environ, **environment})
    assert not result.returncode, result.stdout + result.stderr
    return result.stdout


def copy_source(folder):
    """ Copy what git knows into a folder, or all files where there is no git. """
    listed = subprocess.run(
        ['git', 'ls-files', '-co', '--exclude-standard', '-z'], cwd=ROOT, capture_output=True,
        text=True)
    names = listed.stdout.split('\0') if not listed.returncode else [
        str(path.relative_to(ROOT)) for path in ROOT.rglob('*')]
    for name in names:
        if (ROOT / name).is_file() and '__pycache__' not in name and name[:1] != '.':
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
    return folder


def build_sdist(source, folder):
    """ Build the source package. :return: The folder into which it was unpacked. """
    run([sys.executable, '-c', 'from setuptools import build_meta as backend;'
         f'backend.build_sdist({str(folder)!r})'], source)
    [package] = folder.glob('*.tar.gz')
    with tarfile.open(package) as archive:
        archive.extractall(folder / 'unpacked', filter='data')
    [unpacked] = (folder / 'unpacked').iterdir()
    return unpacked


def build_wheel(sdist, folder):
    """ Build the wheel of an unpacked source package, as pip makes it. :return: Its path. """
    run([sys.executable, '-m', 'pip', 'wheel', '--quiet', '--no-deps', '--no-index',
         '--no-build-isolation', '--wheel-dir', folder, sdist], folder)
    [path] = folder.glob('*.whl')
    return path
