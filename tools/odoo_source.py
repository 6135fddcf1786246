""" Odoo 19.0: the user's, or Debian's package unpacked into the cache. """

import os
import tempfile
from pathlib import Path

from .console import Trouble, say
from .debian import Apt, unpack
from .layout import cache_dir, digest, exclusive, fresh_folder

# Odoo's package and those that its links point to. Font Awesome must be 4.7: the one of sid lacks
# the old files.
PACKAGES = (
    'odoo-19/sid', 'libjs-jquery/sid', 'libjs-jquery-form/sid', 'libjs-underscore/sid',
    'fonts-roboto-unhinted/sid', 'fonts-montserrat/sid', 'fonts-inconsolata/sid',
    'fonts-ocr-b/sid', 'fonts-font-awesome/bookworm',
)
SUITES = ('sid', 'bookworm')
PACKAGE_ROOT = Path('usr/lib/python3/dist-packages')
# Debian leaves this file out for its licence; the backend's bundle logs an error without it.
STAND_IN = 'mail/static/lib/selfie_segmentation/selfie_segmentation.js'
STAND_IN_TEXT = '/* A stand-in: the original is not part of the package. */\n'
# Names that changed in the packages that links point to.
MOVED = {
    'point_of_sale/static/src/fonts/Inconsolata.otf': 'usr/share/fonts',
}


def find_odoo():
    """ Return the folder that holds the Python package `odoo`, preparing it when needed.

    :rtype: Path
    :raise Trouble: If there is none and none can be had.
    """
    own = os.environ.get('ODOO_PATH')
    if own:
        root = Path(own).expanduser().resolve()
        for candidate in (root, root.parent):
            if (candidate / 'odoo' / 'release.py').is_file():
                return _check_version(candidate)
        raise Trouble(f'ODOO_PATH={own} holds no Odoo: no odoo/release.py there.')
    target = cache_dir() / f'odoo-{digest(repr(PACKAGES), STAND_IN_TEXT)}'
    with exclusive('odoo'):
        if not target.exists():
            _prepare(target)
    return target / PACKAGE_ROOT


def _check_version(root):
    text = (root / 'odoo' / 'release.py').read_text()
    if '19, 0' not in text:
        raise Trouble(f'{root} is not Odoo 19.0.')
    return root


def _prepare(target):
    say("Odoo 19.0 is not here yet: taking Debian's package (about 130 MB)")
    apt = Apt(SUITES)
    apt.update()
    with fresh_folder(target) as folder, tempfile.TemporaryDirectory(dir=cache_dir()) as downloads:
        files = apt.download(list(PACKAGES), Path(downloads))
        say("Unpacking")
        unpack(files, folder)
        addons = folder / PACKAGE_ROOT / 'odoo' / 'addons'
        (addons / STAND_IN).parent.mkdir(parents=True, exist_ok=True)
        (addons / STAND_IN).write_text(STAND_IN_TEXT)
        _mend_links(folder, addons)


def _mend_links(folder, addons):
    """ Point links at files that other packages have renamed; say which ones stay broken. """
    for name, where in MOVED.items():
        link = addons / name
        if link.is_symlink() and not link.exists():
            stem = link.name.split('.')[0]
            found = sorted((folder / where).rglob(f'{stem}*.[ot]tf'))
            if found:
                link.unlink()
                link.symlink_to(os.path.relpath(found[0], link.parent))
    broken = [
        path for path in addons.rglob('*') if path.is_symlink() and not path.exists()
    ]
    for path in broken:
        say(f"Note: {path.relative_to(addons)} points nowhere")


def addons_paths(root):
    """ Return Odoo's own folders of add-ons.

    Debian's package holds a second copy without static files beside the complete one.
    """
    inner = root / 'odoo' / 'addons'
    return [inner] if (inner / 'account').is_dir() else [root / 'addons', inner]


def find_script(root):
    """ Return Odoo's script: of a checkout, or of a package (Debian's or pip's).

    :param Path root: The folder that holds the Python package `odoo`.
    :rtype: Path
    :raise Trouble: If there is none.
    """
    places = (root / 'odoo-bin', root.parents[2] / 'bin' / 'odoo', root / 'setup' / 'odoo')
    script = next((path for path in places if path.is_file()), None)
    if not script:
        raise Trouble(f'{root} has no script that starts Odoo: neither odoo-bin nor bin/odoo.')
    return script
