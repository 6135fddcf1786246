""" Tests that need no Odoo, and tests that cross the add-ons. """
