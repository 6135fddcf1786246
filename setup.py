""" Packs the add-ons as `odoo.addons.*`, for installations of Odoo that find add-ons by pip. """

import ast
from pathlib import Path

from setuptools import setup

ROOT = Path(__file__).parent
ADDONS = [path.parent.name for path in sorted(ROOT.glob('*/__manifest__.py'))]


def version():
    """ Return a version that grows with that of each add-on, or pip would keep the old files.

    It is that of the first add-on, followed by the others' own parts: `19.0.1.3.0.0.6.0`.
    """
    first, *others = (
        ast.literal_eval((ROOT / addon / '__manifest__.py').read_text(encoding='utf-8'))['version']
        for addon in ADDONS)
    return '.'.join([first, *(other.split('.', 2)[2] for other in others)])


def packages():
    """ Yield each package of the add-ons under the name by which Odoo finds it. """
    for addon in ADDONS:
        for path in sorted((ROOT / addon).rglob('__init__.py')):
            yield 'odoo.addons.' + '.'.join(path.parent.relative_to(ROOT).parts)


def data_files(addon):
    """ Return the files of an add-on that belong to no package: also the scripts of migrations,
    which Odoo runs by their path.
    """
    folder = ROOT / addon
    return [
        str(path.relative_to(folder)) for path in sorted(folder.rglob('*'))
        if path.is_file() and path.suffix != '.pyc'
        and not (path.suffix == '.py' and (path.parent / '__init__.py').exists())
    ]


setup(
    name='odoo-addons-tochka',
    version=version(),
    description="Tochka Bank for Odoo 19.0: acquiring and fiscal receipts",
    long_description=(ROOT / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    license='LGPL-3.0-only',
    python_requires='>=3.10,<3.14',
    install_requires=['certifi', 'cryptography>=42', 'PyJWT>=2.8', 'qrcode', 'requests>=2.32'],
    package_dir={f'odoo.addons.{addon}': addon for addon in ADDONS},
    packages=list(packages()),
    package_data={f'odoo.addons.{addon}': data_files(addon) for addon in ADDONS},
)
