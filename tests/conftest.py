""" Let plain tests import the Odoo-free part of an add-on. """

import sys
import types
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# An add-on's own `__init__` imports its models, which only Odoo can load. A bare package in its
# place gives access to the plain parts alone.
for name in ('tochka_acquiring', 'tochka_fiscal', 'tochka_statement'):
    if name not in sys.modules:
        package = types.ModuleType(name)
        package.__path__ = [str(ROOT / name)]
        sys.modules[name] = package
