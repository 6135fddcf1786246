""" Let plain tests import the Odoo-free part of an add-on. """

import sys
import types
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# The add-on's own `__init__` imports its models, which only Odoo can load. A bare package in its
# place gives access to `api/` and `const` alone.
if 'tochka_acquiring' not in sys.modules:
    package = types.ModuleType('tochka_acquiring')
    package.__path__ = [str(ROOT / 'tochka_acquiring')]
    sys.modules['tochka_acquiring'] = package
