# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

{
    'name': 'Tochka Bank Acquiring',
    'version': '19.0.1.0.0',
    'category': 'Accounting/Payment Providers',
    'sequence': 350,
    'summary': "Card, SBP, T-Pay and instalment payments of portal invoices through Tochka Bank.",
    'description': " ",  # Non-empty, so that Odoo does not load the README as a description.
    'author': 'Tochka Bank for Odoo contributors',
    'website': 'https://developers.tochka.com',
    'depends': ['account_payment'],
    'external_dependencies': {'python': ['cryptography', 'jwt', 'requests']},
    'data': [
        'security/ir.model.access.csv',
        'security/tochka_connection_security.xml',

        'data/tochka_connection_cron.xml',

        'views/tochka_connection_views.xml',
        'views/tochka_merchant_views.xml',
        'views/tochka_menus.xml',
    ],
    'post_init_hook': 'post_init_hook',
    'uninstall_hook': 'uninstall_hook',
    'license': 'LGPL-3',
}
