# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import SUPERUSER_ID, api
from odoo.tools import html2plaintext


def migrate(cr, _version):
    """ What a person was to look at becomes problems: nothing that was written is lost. """
    cr.execute("""
        INSERT INTO tochka_problem (
                    code, subject, params, res_model, res_id, company_id, severity, since)
             SELECT CASE WHEN state = 'attention' THEN 'register_refused'
                         ELSE 'register_silent' END,
                    '', jsonb_build_object('error', problem), 'fiscal.register', id, company_id,
                    CASE WHEN state = 'attention' THEN '1_danger' ELSE '3_info' END,
                    COALESCE(write_date, now() AT TIME ZONE 'UTC')
               FROM fiscal_register WHERE problem IS NOT NULL
          UNION ALL
             SELECT 'receipt_failed', '', jsonb_build_object('error', problem), 'fiscal.receipt',
                    id, company_id, '1_danger', COALESCE(write_date, now() AT TIME ZONE 'UTC')
               FROM fiscal_receipt WHERE state = 'failed'
    """)
    env = api.Environment(cr, SUPERUSER_ID, {})
    for activity in env['mail.activity'].search([
        ('res_model', 'in', ('fiscal.register', 'fiscal.receipt')), ('automated', '=', True),
    ]):
        _keep(env, activity)
    for problem in env['tochka.problem'].search([('user_id', '=', False)]):
        problem.user_id = problem._find_responsible(problem._record(), problem.company_id)


def _keep(env, activity):
    """ An activity that is open is the face of its problem from now on. """
    record = env[activity.res_model].browse(activity.res_id).exists()
    if not record:
        return
    problem = env['tochka.problem'].search([
        ('res_model', '=', record._name), ('res_id', '=', record.id),
        ('activity_id', '=', False), ('severity', '!=', '3_info')], limit=1)
    is_certificate = activity.activity_type_id == env.ref('mail.mail_activity_data_todo')
    if is_certificate or not problem:
        values = {'code': 'register_certificate', 'params': {
            'at': str(record.certificate_until)}} if is_certificate and (
            record._name == 'fiscal.register' and record.certificate_until) else {
            # What it asked about stands in its own words.
            'code': 'note', 'subject': str(activity.id), 'params': {
                'text': f'{activity.summary or ""}\n{html2plaintext(activity.note or "")}'}}
        problem = env['tochka.problem'].create({
            **values, 'res_model': record._name, 'res_id': record.id,
            'company_id': record.company_id.id, 'severity': '2_warning',
            'since': activity.create_date})
    problem.write({
        'activity_id': activity.id, 'user_id': activity.user_id.id, 'is_asked': True})
