# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.


def migrate(cr, _version):
    """ Connections of before know the JWT key only, and Odoo's own idea of its address. """
    cr.execute("UPDATE tochka_connection SET auth_method = 'jwt'")
    cr.execute("""
        UPDATE tochka_connection
           SET public_url = parameter.value
          FROM ir_config_parameter parameter
         WHERE parameter.key = 'web.base.url' AND public_url IS NULL
    """)
    cr.execute("""
        UPDATE tochka_connection
           SET database_identity = parameter.value || '/' || current_database()
          FROM ir_config_parameter parameter
         WHERE parameter.key = 'database.uuid' AND jwt_key IS NOT NULL
    """)
