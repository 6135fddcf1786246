""" Rules of the code that no run shows. """

import ast

import pytest

from tools.layout import ROOT

MODELS = sorted(path for addon in ROOT.glob('tochka_*') for part in ('models', 'wizards')
                for path in (addon / part).rglob('*.py'))


@pytest.mark.parametrize('path', MODELS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_another_process_has_changed_is_done_again(path):
    """ PostgreSQL refuses a write that comes too late, perhaps before the savepoint is there; who
    goes on then works in a transaction that takes nothing any more. Odoo replays it.
    """
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Try) or not any(
            'savepoint' in ast.unparse(part) for part in node.body
        ):
            continue
        caught = [ast.unparse(handler.type) for handler in node.handlers if handler.type]
        if 'Exception' in caught:
            assert any('OperationalError' in name for name in caught[:caught.index('Exception')]), (
                f'line {node.lineno} takes a serialization failure for a fault')
