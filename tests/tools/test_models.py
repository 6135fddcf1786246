""" The shape of the add-ons' models. """

import ast
from collections import defaultdict

import pytest

from tools.layout import ROOT
from tools.odoo_run import ADDONS


def methods(addon):
    """ Yield the model, the name and the file of each method of an add-on's models. """
    for folder in ('models', 'wizards'):
        for path in sorted((ROOT / addon / folder).rglob('*.py')):
            for cls in ast.parse(path.read_text()).body:
                if not isinstance(cls, ast.ClassDef):
                    continue
                named = {
                    target.id: ast.literal_eval(part.value) for part in cls.body
                    if isinstance(part, ast.Assign) for target in part.targets
                    if getattr(target, 'id', '') in ('_name', '_inherit')}
                model = named.get('_name') or named.get('_inherit')
                for part in cls.body:
                    if isinstance(part, ast.FunctionDef):
                        yield model, part.name, path.relative_to(ROOT / addon)


@pytest.mark.parametrize('addon', ADDONS)
def test_no_model_overrides_its_own_method(addon):
    """ Which of two comes first would depend on the order of imports: one calls the parts. """
    places = defaultdict(list)
    for model, name, path in methods(addon):
        places[str(model), name].append(str(path))
    assert len(places) > 100
    assert not {name: where for name, where in places.items() if len(where) > 1}
