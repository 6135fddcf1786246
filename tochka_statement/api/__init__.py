# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" Statements and balances of the bank in plain Python. Nothing here may import Odoo. """
