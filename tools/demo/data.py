""" The demo's company, chart, provider, customer and invoice; run inside Odoo's shell.

Odoo has no Russian chart of accounts, so the demo brings the few accounts that it needs. They live
here and not in the add-ons.
"""

from datetime import date

from odoo.fields import Command

# Code, name, type, reconcile. Numbers of the Russian chart (order 94n of the Ministry of Finance).
ACCOUNTS = (
    ('51.00', 'Расчётные счета', 'asset_cash', False),
    ('57.03', 'Переводы в пути: эквайринг', 'asset_current', True),
    ('57.99', 'Переводы в пути: нераспознанные', 'asset_current', False),
    ('60.01', 'Расчёты с поставщиками', 'liability_payable', True),
    ('62.01', 'Расчёты с покупателями', 'asset_receivable', True),
    ('62.02', 'Авансы полученные', 'liability_current', True),
    ('68.02', 'НДС', 'liability_current', False),
    ('76.00', 'Прочие расчёты', 'asset_current', True),
    ('90.01', 'Выручка', 'income', False),
    ('91.02', 'Прочие расходы', 'expense', False),
)
INN = '9900000017'
SECOND_INN = '990000000299'
CUSTOMER_LOGIN, ACCOUNTANT_LOGIN, PASSWORD = 'customer', 'accountant', 'demo'
# The demo's own records have external ids of this module, so that they are found again beside
# those that somebody has added.
MODULE = 'tochka_demo'


def _own(env, name):
    """ Return the demo's own record of a name, or None if it was not made, or was deleted. """
    return env.ref(f'{MODULE}.{name}', raise_if_not_found=False)


def _keep(record, name):
    """ Remember a record as the demo's own. :return: The record. """
    record.env['ir.model.data']._update_xmlids([
        {'xml_id': f'{MODULE}.{name}', 'record': record, 'noupdate': True}])
    return record


def prepare(env, sandbox_url, credentials, odoo_url, connect=True):
    """ Make the demo's data, or bring what depends on the addresses up to date.

    :param env: Odoo's environment.
    :param str sandbox_url: Where the sandbox is reached.
    :param dict credentials: The sandbox's credentials.
    :param str odoo_url: Where Odoo is reached.
    :param bool connect: Whether to connect the bank; else an administrator does it by hand.
    :return: The posted invoice.
    :rtype: account.move
    """
    parameters = env['ir.config_parameter'].sudo()
    parameters.set_param('tochka_acquiring.base_url', f'{sandbox_url}/uapi/')
    parameters.set_param('web.base.url', odoo_url)
    parameters.set_param('web.base.url.freeze', 'True')
    company = _own(env, 'company')
    if not company:
        company = _keep(_prepare_company(env), 'company')
        env = env(context={**env.context, 'allowed_company_ids': company.ids})
        _prepare_books(env, company.with_env(env))
        _prepare_people(env, company)
    env = env(context={**env.context, 'allowed_company_ids': company.ids})
    company = company.with_env(env)
    if connect:
        connection = _prepare_connection(env, company, credentials)
        register = _prepare_register(env, company, credentials['komtet'], odoo_url)
        _prepare_provider(env, company, connection, register)
    return _prepare_invoice(env, company)


def prepare_group(env):
    """ Add a second legal entity and a branch of the first one, each with its own cash box.

    :param env: Odoo's environment, after `prepare`.
    :return: The ids of the `second` company and of the `branch`.
    :rtype: dict
    """
    first = env.ref(f'{MODULE}.company')
    common = {'currency_id': first.currency_id.id, 'country_id': first.country_id.id}
    second = _keep(
        env['res.company'].create({**common, 'name': 'ИП Василёк', 'vat': SECOND_INN}), 'second')
    branch = env['res.company'].create({
        **common, 'name': 'Ромашка, филиал в Твери', 'parent_id': first.id,
        'transfer_account_id': first.transfer_account_id.id,
    })
    for login in ('base.user_root', 'base.user_admin'):
        env.ref(login).company_ids = [Command.link(second.id), Command.link(branch.id)]
    _prepare_books(env(context={**env.context, 'allowed_company_ids': second.ids}), second)
    # What a chart of accounts would have told the branch as well.
    for name in ('property_account_receivable_id', 'property_account_payable_id'):
        account_id = env['ir.default']._get('res.partner', name, company_id=first.id)
        env['ir.default'].set('res.partner', name, account_id, company_id=branch.id)
    env['account.journal'].with_company(branch).create({
        'name': 'Расчётный счёт (филиал)', 'code': 'BNK2', 'type': 'bank',
        'company_id': branch.id,
        'default_account_id': env['account.account'].with_company(first).search(
            [('code', '=', '51.00')], limit=1).id,
    })
    return {'second': second.id, 'branch': branch.id}


def prepare_second(env):
    """ Add a legal entity whose receipts the bank's own register prints, and an unpaid invoice.

    :param env: Odoo's environment, after `prepare`.
    :return: The posted invoice.
    :rtype: account.move
    """
    connection = env.ref(f'{MODULE}.connection')
    company = _own(env, 'second')
    if not company:
        company = env['res.company'].browse(prepare_group(env)['second'])
    if company not in connection.company_ids:
        connection.company_ids = [Command.link(company.id)]
        connection.action_connect()
        entity = connection.merchant_ids.filtered('cashbox')[:1].legal_entity_id
        entity.company_id = company  # As an accountant says it in the connection's form.
        env.ref(f'{MODULE}.{ACCOUNTANT_LOGIN}').company_ids = [Command.link(company.id)]
    env = env(context={**env.context, 'allowed_company_ids': company.ids})
    provider = _provider(env, company, 'second_provider')
    provider.write({
        'name': 'Точка Банк (ИП Василёк)',
        'tochka_connection_id': connection.id,
        'tochka_merchant_id': connection.merchant_ids.filtered('cashbox')[:1].id,
        'journal_id': _bank_journal(env, company).id,
        'fiscalization': 'bank',
        'fiscal_taxation_system': 'usn_income',
    })
    provider.write({'state': 'enabled', 'is_published': True})
    customer = env.ref(f'{MODULE}.{CUSTOMER_LOGIN}').partner_id
    invoice = env['account.move'].create({
        'move_type': 'out_invoice',
        'company_id': company.id,
        'partner_id': customer.id,
        'invoice_date': date.today(),
        'invoice_line_ids': [
            Command.create({
                'name': 'Курс рисования', 'quantity': 1, 'price_unit': 3200.00, 'tax_ids': [],
            }),
        ],
    })
    invoice.action_post()
    return invoice


def _prepare_company(env):
    env['res.lang']._activate_lang('ru_RU')
    rub = env.ref('base.RUB')
    rub.active = True
    company = env['res.company'].create({
        'name': 'ООО «Ромашка»',
        'currency_id': rub.id,
        'country_id': env.ref('base.ru').id,
        'vat': INN,
        'street': 'Цветочная улица, 7',
        'city': 'Москва',
        'email': 'school@example.com',
    })
    company.partner_id.lang = 'ru_RU'
    for login in ('base.user_root', 'base.user_admin'):
        env.ref(login).write({'company_ids': [Command.link(company.id)], 'company_id': company.id})
    if 'website' in env:
        russian = env['res.lang']._lang_get('ru_RU')
        env['website'].search([]).write({
            'company_id': company.id,
            'name': 'Ромашка',
            'language_ids': [Command.link(russian.id)],
            'default_lang_id': russian.id,
        })
    return company


def _prepare_books(env, company):
    company = company.with_env(env)
    company.account_fiscal_country_id = env.ref('base.ru')
    accounts = {
        code: env['account.account'].create({
            'code': code, 'name': name, 'account_type': kind, 'reconcile': reconcile,
        })
        for code, name, kind, reconcile in ACCOUNTS
    }
    defaults = env['ir.default']
    defaults.set('res.partner', 'property_account_receivable_id', accounts['62.01'].id,
                 company_id=company.id)
    defaults.set('res.partner', 'property_account_payable_id', accounts['60.01'].id,
                 company_id=company.id)
    company.write({
        'transfer_account_id': accounts['57.03'].id,
        'account_journal_suspense_account_id': accounts['57.99'].id,
    })
    env['account.journal'].create({
        'name': 'Реализация', 'code': 'SALE', 'type': 'sale',
        'default_account_id': accounts['90.01'].id,
    })
    env['account.journal'].create({
        'name': 'Расчётный счёт (эквайринг)', 'code': 'BNK1', 'type': 'bank',
        'default_account_id': accounts['51.00'].id,
    })
    env['account.journal'].create({
        'name': 'Прочие операции', 'code': 'MISC', 'type': 'general',
    })
    group = env['account.tax.group'].create({'name': 'НДС'})
    company.account_sale_tax_id = env['account.tax'].create({
        'name': 'НДС 22 %', 'amount': 22, 'type_tax_use': 'sale', 'price_include_override':
        'tax_included', 'tax_group_id': group.id,
        'invoice_repartition_line_ids': [
            Command.create({'repartition_type': 'base'}),
            Command.create({'repartition_type': 'tax', 'account_id': accounts['68.02'].id}),
        ],
        'refund_repartition_line_ids': [
            Command.create({'repartition_type': 'base'}),
            Command.create({'repartition_type': 'tax', 'account_id': accounts['68.02'].id}),
        ],
    })
    env['account.analytic.account'].create({
        'name': 'Оплата обучения',
        'plan_id': env.ref('tochka_acquiring.analytic_plan_articles').id,
    })


def _prepare_people(env, company):
    groups = {
        CUSTOMER_LOGIN: ['base.group_portal'],
        ACCOUNTANT_LOGIN: ['base.group_user', 'account.group_account_manager',
                           'analytic.group_analytic_accounting'],
    }
    names = {CUSTOMER_LOGIN: 'Петров Пётр Петрович', ACCOUNTANT_LOGIN: 'Счетоводова Анна'}
    for login, xmlids in groups.items():
        _keep(env['res.users'].with_context(no_reset_password=True).create({
            'name': names[login],
            'login': login,
            'password': PASSWORD,
            'email': f'{login}@example.com',
            'lang': 'ru_RU',
            'tz': 'Europe/Moscow',
            'company_id': company.id,
            'company_ids': [Command.set(company.ids)],
            'group_ids': [Command.set([env.ref(xmlid).id for xmlid in xmlids])],
        }), login)
    env.ref('base.user_admin').write({'lang': 'ru_RU', 'tz': 'Europe/Moscow'})


def _prepare_connection(env, company, credentials):
    connection = _own(env, 'connection')
    values = {'jwt_key': credentials['token'], 'client_id': credentials['client_id']}
    if connection:
        connection.write(values)
    else:
        connection = _keep(env['tochka.connection'].create({
            **values, 'name': 'Точка Банк', 'environment': 'custom',
            'company_ids': [Command.set(company.ids)],
        }), 'connection')
    connection.action_connect()
    if connection.state != 'connected':
        raise RuntimeError(f'The demo could not connect to the sandbox: '
                           f'{connection.problem_ids.mapped("advice")}')
    return connection


def _prepare_register(env, company, credentials, odoo_url):
    register = _own(env, 'register') or _keep(env['fiscal.register'].create({
        'name': 'Касса школы (КОМТЕТ)', 'company_id': company.id, 'address': odoo_url,
    }), 'register')
    register.write({
        'url': credentials['url'], 'shop': credentials['shop_id'],
        'secret': credentials['secret'], 'queue': str(credentials['queue_id']),
        'public_url': odoo_url,
    })
    register.action_check()
    if register.state != 'ready':
        raise RuntimeError(f'The demo could not reach the cash register: {register.problem}')
    return register


def _provider(env, company, name):
    """ Return the provider that came with the company. """
    return _own(env, name) or _keep(env['payment.provider'].search(
        [('code', '=', 'tochka'), ('company_id', '=', company.id)], limit=1), name)


def _bank_journal(env, company):
    return env['account.journal'].search(
        [('code', '=', 'BNK1'), ('company_id', '=', company.id)], limit=1)


def _prepare_provider(env, company, connection, register):
    provider = _provider(env, company, 'provider')
    # The bank's own register would print a second receipt.
    merchant = connection.merchant_ids.filtered(
        lambda m: 'sbp' in (m.payment_modes or '') and not m.cashbox)[:1]
    provider.write({
        'name': 'Точка Банк',
        'tochka_connection_id': connection.id,
        'tochka_merchant_id': merchant.id,
        'tochka_article_id': env['account.analytic.account'].search(
            [('name', '=', 'Оплата обучения')], limit=1).id,
        'journal_id': _bank_journal(env, company).id,
        'fiscalization': 'other',
        'fiscal_taxation_system': 'osn',
        'fiscal_register_id': register.id,
    })
    provider.write({'state': 'enabled', 'is_published': True})


def _prepare_invoice(env, company):
    customer = env.ref(f'{MODULE}.{CUSTOMER_LOGIN}').partner_id
    invoice = env['account.move'].create({
        'move_type': 'out_invoice',
        'partner_id': customer.id,
        'invoice_date': date.today(),
        'invoice_line_ids': [
            Command.create({
                'name': 'Занятия, ноябрь', 'quantity': 8, 'price_unit': 12500.00,
                'tax_ids': [Command.set(company.account_sale_tax_id.ids)],
            }),
        ],
    })
    invoice.action_post()
    return invoice


def describe(invoice):
    """ Return what became of the invoice, as the accountant sees it.

    :param account.move invoice: The invoice.
    :rtype: dict
    """
    transaction = invoice.transaction_ids.sorted('id')[-1:]
    payment = transaction.payment_id
    lines = payment.move_id.line_ids
    article_ids = {
        int(key) for line in lines for key in (line.analytic_distribution or {})
    }
    return {
        'invoice': invoice.name,
        'payment_state': invoice.payment_state,
        'transaction_state': transaction.state or None,
        'operation_id': transaction.tochka_operation_id or None,
        'journal': payment.journal_id.name or None,
        'article': invoice.env['account.analytic.account'].browse(sorted(article_ids))
        .mapped('name')[0] if article_ids else None,
        'receipts': [{
            'kind': receipt.kind,
            'state': receipt.state,
            'total': f'{receipt.total:.2f}',
            'lines': [{
                'name': line.name, 'price': f'{line.price:.2f}', 'quantity': line.quantity,
                'total': f'{line.total:.2f}', 'vat': line.vat,
                'fiscal_method': line.fiscal_method, 'fiscal_subject': line.fiscal_subject,
            } for line in receipt.line_ids],
            'register': receipt.register_id.name,
            'qr': receipt.qr or None,
        } for receipt in transaction.fiscal_receipt_ids],
    }
