# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

{
    'name': 'Tochka Bank Fiscal Receipts',
    'version': '19.0.0.1.0',
    'category': 'Accounting/Payment Providers',
    'sequence': 351,
    'summary': "Settings of 54-FZ receipts for online payments. Receipts are not printed yet.",
    'description': " ",  # Non-empty, so that Odoo does not load the README as a description.
    'author': 'Tochka Bank for Odoo contributors',
    'website': 'https://developers.tochka.com',
    'depends': ['account_payment', 'tochka_acquiring'],
    'data': ['views/payment_provider_views.xml'],
    'license': 'LGPL-3',
}
