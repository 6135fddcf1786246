# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import date, datetime
from unittest.mock import patch

from freezegun import freeze_time

from odoo.tests import tagged

from odoo.addons.tochka_acquiring.tests.balance_common import BalanceCommon
from odoo.addons.tochka_fiscal.tests.test_change import IncomeCommon


@tagged('post_install', '-at_install')
class TestToldOnce(IncomeCommon, BalanceCommon):
    """ Each notice comes once: for each firm, year, limit and mark. """

    def notices(self, company=None):
        """ Return how often each was ever told: (code, subject, mark) -> times. """
        found = {}
        for problem in self.env['tochka.problem'].sudo().search([
            ('res_model', '=', 'res.company'), ('res_id', '=', (company or self.company).id),
        ]):
            key = problem.code, problem.subject, problem.params.get('mark')
            found[key] = found.get(key, 0) + 1
        return found

    def restart(self):
        """ Nothing but the database remembers. """
        self.env.flush_all()
        self.env.invalidate_all()
        self.env.registry.clear_all_caches()

    def test_again_and_again_after_restarts(self):
        self.sell(7_000_000)
        self.watch()
        told = self.notices()
        self.assertIn(('vat_limit', '2028', 70), told)
        for _day in range(3):
            self.restart()
            self.watch()
        self.assertEqual(self.notices(), told)
        self.assertEqual(set(told.values()), {1})

    def test_income_that_falls_and_rises_again(self):
        self.sell(8_500_000)
        self.assertEqual(self.watch(), {('vat_limit', '2028'): 85})
        self.sell(1_000_000, kind='out_refund')
        self.assertEqual(self.watch(), {('vat_limit', '2028'): 85}, "7.5 million: nothing new")
        self.sell(3_000_000, kind='out_refund')
        self.assertFalse(self.watch())
        self.sell(3_000_000)
        self.assertFalse(self.watch(), "70 % again")
        self.sell(1_000_000)
        self.assertFalse(self.watch(), "85 % again")
        self.sell(1_000_000)
        self.assertEqual(self.watch(), {('vat_limit', '2028'): 95})
        self.assertEqual(
            {key: times for key, times in self.notices().items() if key[0] == 'vat_limit'},
            {('vat_limit', '2028', 85): 1, ('vat_limit', '2028', 95): 1})

    def test_each_year_anew(self):
        self.sell(7_000_000)
        self.watch()
        with freeze_time(datetime(2028, 1, 1, 9)):
            codes = {code for code, _subject in self.watch()}
        self.assertNotIn('vat_limit', codes, "Nothing is earned in 2028 yet")
        with freeze_time(datetime(2028, 6, 1, 9)):
            self.sell(7_000_000, date(2028, 2, 1))
            told = {key: mark for key, mark in self.watch().items() if key[0] == 'vat_limit'}
        # Those of 2028 itself, and of what decides about 2029.
        self.assertEqual(told, {('vat_limit', '2028'): 70, ('vat_limit', '2029'): 70})

    def test_each_firm_for_itself(self):
        other = self.create_other_company()
        self.provider.sudo().copy({'company_id': other.id, 'fiscalization': 'no'}).write({
            'fiscalization': 'other', 'fiscal_vat': 'none', 'fiscal_taxation_system': 'usn_income',
            'fiscal_register_id': self.register.copy({
                'company_id': other.id, 'shop': '19', 'address': 'https://b.example.com'}).id})
        self.sell(7_000_000)
        self.watch()
        self.assertIn(('vat_limit', '2028', 70), self.notices())
        self.assertFalse([key for key in self.notices(other) if key[0] == 'vat_limit'])

    def test_two_jobs_at_once(self):
        """ Neither sees what the other has not committed yet: the database lets one through. """
        self.enterContext(freeze_time(datetime(2027, 12, 5, 9)))
        self.sell(15_000_001)
        company, problems = self.company.sudo(), type(self.env['tochka.problem'])
        company._fiscal_watch_law()
        self.env.flush_all()
        told = self.notices()
        self.assertEqual(set(told.values()), {1})
        self.assertEqual({code for code, *_rest in told}, {'vat_limit', 'vat_due', 'law'})
        blind = self.env['tochka.problem'].browse()
        created = []
        create_open = problems._create_open

        def note(problem, *arguments):
            created.append(create_open(problem, *arguments))
            return created[-1]

        with patch.object(problems, 'search', lambda *_words, **_options: blind), \
                patch.object(problems, '_create_open', note):
            company._fiscal_watch_income()
            company._fiscal_tell_law()
        self.assertTrue(created)
        self.assertFalse(any(created), "Each was told already")
        self.restart()
        self.assertEqual(self.notices(), told)
