# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" Run by itself, this prepares a database for many classes of tests; see `prepared`. """

from odoo.tests import tagged

from odoo.addons.tochka_acquiring.tests import prepared
from odoo.addons.tochka_acquiring.tests.common import TochkaCommon


@tagged('post_install', '-at_install')
class Prepare(TochkaCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        prepared.keep(cls)

    def test_is_kept(self):
        company = self.company
        prepared.find(type(self))
        self.assertEqual(self.company, company)
