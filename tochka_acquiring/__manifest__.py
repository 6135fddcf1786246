# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

{
    'name': 'Tochka Bank Acquiring',
    'version': '19.0.1.5.0',
    'category': 'Accounting/Payment Providers',
    'sequence': 350,
    'summary': "Card, SBP, T-Pay and instalment payments of portal invoices through Tochka Bank.",
    'description': " ",  # Non-empty, so that Odoo does not load the README as a description.
    'author': 'Tochka Bank for Odoo contributors',
    'website': 'https://developers.tochka.com',
    'depends': ['account_payment'],
    'external_dependencies': {'python': ['certifi', 'cryptography', 'PyJWT', 'requests']},
    'data': [
        'security/tochka_groups.xml',
        'security/ir.model.access.csv',
        'security/tochka_security.xml',

        'wizards/tochka_refund_views.xml',  # Buttons of the views open its windows.

        'views/account_journal_views.xml',
        'views/oauth_templates.xml',
        'views/account_move_views.xml',
        'views/account_payment_views.xml',
        'views/payment_link_wizard_views.xml',
        'views/payment_form_templates.xml',
        'views/payment_tochka_templates.xml',
        'views/payment_provider_views.xml',
        'views/payment_provider_kind_views.xml',
        'views/payment_provider_page_views.xml',
        'views/payment_provider_shop_views.xml',
        'views/payment_transaction_list_views.xml',
        'views/payment_transaction_views.xml',
        'views/tochka_refund_views.xml',
        'views/portal_balance_templates.xml',
        'views/portal_refund_templates.xml',
        'views/res_config_settings_views.xml',
        'views/tochka_connection_views.xml',
        'views/tochka_merchant_views.xml',
        'views/tochka_problem_views.xml',
        'views/tochka_menus.xml',
        'views/tochka_webhook_event_views.xml',

        'wizards/payment_refund_wizard_views.xml',
        'wizards/tochka_problem_close_views.xml',
        'wizards/tochka_try_views.xml',

        'data/analytic_plan_data.xml',
        'data/ir_cron_data.xml',
        'data/mail_activity_type_data.xml',
        'data/mail_template_consent_data.xml',
        'data/mail_template_payment_data.xml',
        'data/payment_method_data.xml',
        'data/payment_provider_data.xml',  # Depends on the payment methods and the redirect form.
        'data/upgrade_data.xml',  # Depends on the jobs.
    ],
    'assets': {
        'web.assets_frontend': ['tochka_acquiring/static/src/**/*'],
    },
    'post_init_hook': 'post_init_hook',
    'uninstall_hook': 'uninstall_hook',
    'license': 'LGPL-3',
}
