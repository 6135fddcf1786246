""" Where things are kept, and how half-done work is told from finished work. """

import contextlib
import fcntl
import hashlib
import os
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def cache_dir():
    """ Return the folder for all that can be prepared again. """
    base = Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache')
    folder = base / 'tochka-odoo'
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def digest(*parts):
    """ Return a short name for contents: bytes, texts or files. """
    total = hashlib.sha256()
    for part in parts:
        data = part.read_bytes() if isinstance(part, Path) else part
        total.update(data.encode() if isinstance(data, str) else data)
        total.update(b'\0')
    return total.hexdigest()[:12]


@contextlib.contextmanager
def exclusive(name):
    """ Let one process at a time prepare something. """
    with open(cache_dir() / f'{name}.lock', 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def fresh_folder(target):
    """ Fill a folder beside the target and put it in place when it is complete.

    An interrupted preparation leaves nothing that looks finished.
    """
    partial = target.with_name(target.name + '.partial')
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    shutil.rmtree(target, ignore_errors=True)
    partial.rename(target)
