# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import inspect

from odoo.tests import TransactionCase, tagged

ADDONS = ('odoo.addons.tochka_acquiring.', 'odoo.addons.tochka_fiscal.')


@tagged('post_install', '-at_install', 'tochka_without_apps')
class TestOverrides(TransactionCase):
    """ What core calls can be called as before: other providers pass by place, too. """

    def overrides(self):
        """ Yield what our classes override of others: where, ours, theirs. """
        for name, model in self.env.registry.items():
            mro = model.mro()
            for place, cls in enumerate(mro):
                if not cls.__module__.startswith(ADDONS):
                    continue
                for attribute, own in vars(cls).items():
                    if not inspect.isfunction(own):
                        continue
                    theirs = [
                        vars(base)[attribute] for base in mro[place + 1:]
                        if inspect.isfunction(vars(base).get(attribute))
                        and not base.__module__.startswith(ADDONS)]
                    if theirs:
                        # Who declares it says how it is called; those between take more, perhaps.
                        yield f'{name}.{attribute}', own, theirs[-1]

    def test_signatures(self):
        seen = set()
        for name, own, theirs in self.overrides():
            seen.add(name)
            taken = inspect.signature(own)
            given = inspect.signature(theirs).parameters.values()
            by_place = [one.name for one in given if one.kind in (
                one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
            by_name = {one.name: None for one in given if one.kind == one.KEYWORD_ONLY}
            with self.subTest(name):
                taken.bind(*by_place, **by_name)
                taken.bind(by_place[0], **dict.fromkeys(by_place[1:]), **by_name)
                if any(one.kind == one.VAR_KEYWORD for one in given):
                    taken.bind(*by_place, **by_name, another=None)
        self.assertIn('payment.transaction._set_canceled', seen | {
            'payment.transaction._set_canceled'
        } if 'fiscal.receipt' not in self.env else seen)
        self.assertIn('payment.transaction._refund', seen)
