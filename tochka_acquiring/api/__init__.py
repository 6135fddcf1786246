# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" The bank's API in plain Python. Nothing here may import Odoo. """
