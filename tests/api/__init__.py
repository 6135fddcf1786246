""" Tests of the Odoo-free part of the acquiring add-on. """
