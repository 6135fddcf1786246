""" A shop whose one invoice was paid and whose receipt is printed, without any bank; run inside
Odoo's shell.
"""

from tools.demo import data

NOWHERE = 'http://127.0.0.1:9'


def prepare(env):
    """ Make the shop.

    :param env: Odoo's environment, of a database with the add-ons.
    :return: The receipt.
    :rtype: fiscal.receipt
    """
    from odoo.fields import Command

    invoice = data.prepare(env, NOWHERE, {}, NOWHERE, connect=False)
    company = invoice.company_id
    env = env(context={**env.context, 'allowed_company_ids': company.ids})
    connection = env['tochka.connection'].create({
        'name': "Bank", 'environment': 'custom', 'auth_method': 'jwt', 'client_id': 'client',
        'company_ids': [Command.set(company.ids)]})
    entity = env['tochka.legal.entity'].create({
        'connection_id': connection.id, 'customer_code': '300000001', 'name': company.name,
        'company_id': company.id})
    merchant = env['tochka.merchant'].create({
        'legal_entity_id': entity.id, 'merchant_id': '200000000000001', 'name': "School",
        'is_usable': True, 'bank_status': 'REG', 'payment_modes': 'sbp,card'})
    register = env['fiscal.register'].create({
        'name': "Till", 'company_id': company.id, 'shop': '18', 'secret': 'secret', 'queue': '143',
        'address': 'https://school.example.com', 'public_url': 'https://school.example.com',
        'state': 'ready'})
    provider = env['payment.provider'].search([
        ('code', '=', 'tochka'), ('company_id', '=', company.id)], limit=1)
    provider.write({
        'tochka_connection_id': connection.id, 'tochka_merchant_id': merchant.id,
        'journal_id': env['account.journal'].search([
            ('code', '=', 'BNK1'), ('company_id', '=', company.id)], limit=1).id,
        'fiscalization': 'other', 'fiscal_taxation_system': 'osn',
        'fiscal_register_id': register.id, 'fiscal_closing': 'auto'})
    connection.state = 'connected'
    transaction = env['payment.transaction'].create({
        'provider_id': provider.id, 'amount': invoice.amount_total, 'reference': 'first',
        'payment_method_id': env.ref('payment.payment_method_card').id,
        'currency_id': invoice.currency_id.id, 'partner_id': invoice.partner_id.id,
        'operation': 'online_redirect', 'invoice_ids': [Command.set(invoice.ids)],
        'tochka_merchant_id': merchant.id, 'tochka_operation_id': 'first',
        'tochka_payment_link_id': 'first', 'tochka_status': 'APPROVED'})
    transaction._set_done()
    transaction._post_process()
    receipt = transaction.fiscal_receipt_ids
    receipt.write({'state': 'done', 'next_try_at': False})
    env['tochka.webhook.event'].create({
        'digest': 'first', 'source': 'webhook', 'state': 'done', 'operation_id': 'first',
        'received_at': transaction.create_date, 'transaction_id': transaction.id,
        'company_id': company.id, 'connection_id': connection.id})
    return receipt
