""" Packs the add-ons as `odoo.addons.*`, for installations of Odoo that find add-ons by pip. """

from pathlib import Path

from setuptools import setup

ADDONS = [path.parent.name for path in sorted(Path(__file__).parent.glob('*/__manifest__.py'))]


def packages():
    """ Yield each package of the add-ons under the name by which Odoo finds it. """
    root = Path(__file__).parent
    for addon in ADDONS:
        for path in sorted((root / addon).rglob('__init__.py')):
            yield 'odoo.addons.' + '.'.join(path.parent.relative_to(root).parts)


def data_files(addon):
    """ Return the files of an add-on that are no Python. """
    root = Path(__file__).parent / addon
    return [
        str(path.relative_to(root)) for path in root.rglob('*')
        if path.is_file() and path.suffix not in ('.py', '.pyc')
    ]


setup(
    name='odoo-addons-tochka',
    version='19.0.1.1.0',
    description="Tochka Bank for Odoo 19.0: acquiring and fiscal receipts",
    long_description=Path(__file__).with_name('README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    license='LGPL-3.0-only',
    python_requires='>=3.10,<3.14',
    install_requires=['certifi', 'cryptography>=42', 'PyJWT>=2.8', 'qrcode', 'requests>=2.32'],
    package_dir={f'odoo.addons.{addon}': addon for addon in ADDONS},
    packages=list(packages()),
    package_data={f'odoo.addons.{addon}': data_files(addon) for addon in ADDONS},
)
