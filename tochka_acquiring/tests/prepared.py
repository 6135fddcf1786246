# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" What all classes of tests have in common, made once in a database and found again by each class:
two companies with their charts of accounts take most of a class's time.
"""

import functools
import json

from odoo import api, models
from odoo.modules.registry import Registry
from odoo.tests.common import get_db_name

PARAMETER = 'tochka_acquiring.tests_prepared'


def keep(cls):
    """ Commit what a class has made, with the names that it has given to it.

    :param type cls: A class of tests that is set up.
    """
    made = {name: value for name, value in vars(cls).items() if not name.startswith('_')}
    cls.env['ir.config_parameter'].sudo().set_param(PARAMETER, json.dumps({
        'env': _of_env(cls.env),
        'values': {name: written for name, value in made.items()
                   if (written := _written(value)) is not None},
    }))
    # The class forbids its cursor to commit, and its class does not.
    type(cls.cr).commit(cls.cr)


@functools.cache
def exists():
    """ Return whether `find` will find something in this process's database. :rtype: bool """
    with Registry(get_db_name()).cursor() as cr:
        cr.execute("SELECT FROM ir_config_parameter WHERE key = %s", [PARAMETER])
        return bool(cr.rowcount)


def find(cls):
    """ Give a class what `keep` has committed.

    :param type cls: A class of tests that has its cursor.
    """
    kept = json.loads(cls.env['ir.config_parameter'].sudo().get_param(PARAMETER))
    cls.env = _env(cls, kept['env'])
    for name, value in kept['values'].items():
        setattr(cls, name, _read(cls, value))


def _of_env(env):
    return [env.uid, dict(env.context), env.su]


def _env(cls, written):
    uid, context, su = written
    return api.Environment(cls.cr, uid, context, su)


def _written(value):
    """ Return a value as JSON can have it; None for what each class makes for itself. """
    if isinstance(value, models.BaseModel):
        return {'model': value._name, 'ids': value.ids, 'env': _of_env(value.env)}
    if isinstance(value, dict) and value and all(
        isinstance(one, models.BaseModel) for one in value.values()
    ):
        return {'dict': {name: _written(one) for name, one in value.items()}}
    if isinstance(value, str | int | float):
        return {'value': value}
    return None


def _read(cls, written):
    if 'model' in written:
        return _env(cls, written['env'])[written['model']].browse(written['ids'])
    if 'dict' in written:
        return {name: _read(cls, one) for name, one in written['dict'].items()}
    return written['value']
