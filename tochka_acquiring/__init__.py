# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo.addons.payment import reset_payment_provider, setup_provider

from . import controllers, models, wizards


def post_init_hook(env):
    """ Copy the provider to the other companies and create its account payment method. """
    setup_provider(env, 'tochka')


def uninstall_hook(env):
    """ Reset the providers to an inactive state; refused by Odoo while payments use them. """
    reset_payment_provider(env, 'tochka')
