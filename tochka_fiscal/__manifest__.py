# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

{
    'name': 'Tochka Bank Fiscal Receipts',
    'version': '19.0.0.8.0',
    'category': 'Accounting/Payment Providers',
    'sequence': 351,
    'summary': "54-FZ receipts: the bank's register, KOMTET, ATOL Online, OrangeData, PayKeeper.",
    'description': " ",  # Non-empty, so that Odoo does not load the README as a description.
    'author': 'Tochka Bank for Odoo contributors',
    'website': 'https://developers.tochka.com',
    'depends': ['account_payment', 'phone_validation', 'tochka_acquiring'],
    'external_dependencies': {'python': ['cryptography', 'qrcode', 'requests']},
    'data': [
        'security/fiscal_groups.xml',
        'security/ir.model.access.csv',
        'security/fiscal_security.xml',

        'data/ir_cron_data.xml',
        'data/mail_template_data.xml',

        'wizards/fiscal_change_views.xml',
        'wizards/fiscal_correction_views.xml',
        'wizards/fiscal_resolve_views.xml',
        'wizards/fiscal_test_views.xml',
        'wizards/payment_refund_wizard_views.xml',

        'views/account_move_views.xml',
        'views/account_payment_views.xml',
        'views/account_tax_views.xml',
        'views/fiscal_receipt_views.xml',
        'views/fiscal_register_views.xml',
        'views/fiscal_register_page_views.xml',
        'views/payment_provider_views.xml',
        'views/payment_transaction_views.xml',
        'views/portal_templates.xml',
        'views/product_category_views.xml',
        'views/res_config_settings_views.xml',
        'views/uom_views.xml',
    ],
    'license': 'LGPL-3',
}
