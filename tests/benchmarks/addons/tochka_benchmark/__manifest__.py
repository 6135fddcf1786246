{
    'name': "Tochka Bank: benchmarks",
    'version': '19.0.1.0.0',
    'summary': "An empty public route, and Odoo's own providers against a local stub. Never for a"
               " real shop.",
    'category': 'Hidden',
    'author': "Tochka Bank for Odoo",
    'license': 'LGPL-3',
    'depends': [
        'payment_demo', 'payment_mollie', 'payment_stripe', 'payment_xendit', 'tochka_fiscal',
    ],
    'installable': True,
}
