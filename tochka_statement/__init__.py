# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.
