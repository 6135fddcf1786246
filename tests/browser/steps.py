""" What people do in more than one test. """

import time
import xmlrpc.client

import pytest

WAIT_SECONDS = 60


def log_in(visit, stack, login, password):
    """ Log in to the backend. :return: The visitor. """
    visitor = visit(f'{stack.odoo_url}/web/login')
    visitor.page.fill('input[name=login]', login)
    visitor.page.fill('input[name=password]', password)
    visitor.page.press('input[name=password]', 'Enter')
    visitor.page.wait_for_url('**/odoo**')
    return visitor


def log_in_to_portal(visit, stack, phone=True):
    """ Log in as the customer. :return: The visitor, on the portal's home. """
    visitor = visit(f'{stack.odoo_url}/web/login?redirect=/my', phone=phone)
    page = visitor.page
    page.fill('input[name=login]', 'customer')
    page.fill('input[name=password]', 'demo')
    page.press('input[name=password]', 'Enter')
    page.wait_for_url('**/my**')
    return visitor


def wait(stack, model, domain, fields, done):
    """ Wait until a record is as wanted. :return: The record. """
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        records = stack.read(model, domain, fields)
        if records and done(records[0]):
            return records[0]
        time.sleep(0.5)
    pytest.fail(f'{model} is not as wanted: {records}')


def run_job(stack, name):
    """ Run a job now, or as soon as the scheduler is done with it. """
    until = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            return stack.run_job(name)
        except xmlrpc.client.Fault as fault:
            if 'already executing' not in fault.faultString or time.monotonic() > until:
                raise
        time.sleep(0.5)


def switch_jobs(stack, jobs, active):
    """ Switch jobs on or off; Odoo refuses that while one of them runs. """
    until = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            return stack.call('ir.cron', 'write', jobs, {'active': active})
        except xmlrpc.client.Fault:
            if time.monotonic() > until:
                raise
        time.sleep(0.5)


def top_up(stack, visit, amount, client='', phone=True):
    """ Log in as the customer, and pay into the balance. :return: The visitor, on the balance. """
    visitor = log_in_to_portal(visit, stack, phone)
    page = visitor.page
    # The cards appear one by one when their numbers have come, and move each other.
    page.wait_for_load_state('networkidle')
    page.locator('a[href="/my/balance"]').click()
    page.locator('#o_tochka_balance').wait_for()
    visitor.look('balance' if phone else 'balance_desktop')
    if not phone:
        page.goto(f'{stack.odoo_url}/en/my/balance')
        visitor.look('en/balance')
        page.goto(f'{stack.odoo_url}/my/balance')
    if client:
        page.locator('select[name=client_id]').select_option(label=client)
    page.locator('input[name=amount]').fill(amount)
    page.locator('button[type=submit].btn-primary').first.click()
    page.wait_for_url('**/my/balance/pay**')
    visitor.choose('sbp')
    visitor.look(f'topup_{"phone" if phone else "desktop"}')
    visitor.press_pay()
    visitor.pay_at_the_bank('sbp')
    page.wait_for_url('**/my/balance')
    return visitor
