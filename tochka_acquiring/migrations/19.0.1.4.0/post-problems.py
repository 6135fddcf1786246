# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import SUPERUSER_ID, api

# Types of activities of before -> what they asked about.
ACTIVITIES = {
    'mail_activity_connection': ('access', 'certificate'),
    'mail_activity_consent': ('renewal', 'copy'),
}


def migrate(cr, _version):
    """ What a person was to look at becomes problems: nothing that was written is lost. """
    env = api.Environment(cr, SUPERUSER_ID, {})
    _keep_texts_of_connections(cr)
    _keep_notes_of_payments(cr)
    _keep_activities(env)
    for problem in env['tochka.problem'].search([('user_id', '=', False)]):
        problem.user_id = problem._find_responsible(problem._record(), problem.company_id)


def _keep_texts_of_connections(cr):
    """ Connections that never came to work had their text outside of the list of problems. """
    cr.execute("""
        INSERT INTO tochka_problem (
                    code, subject, params, res_model, res_id, connection_id, severity, since)
             SELECT CASE WHEN problem_kind = 'certificate' THEN 'certificate' ELSE 'access' END,
                    '', jsonb_build_object('error', problem, 'kind', problem_kind),
                    'tochka.connection', id, id, '1_danger',
                    COALESCE(write_date, now() AT TIME ZONE 'UTC')
               FROM tochka_connection connection
              WHERE problem IS NOT NULL AND NOT EXISTS (
                    SELECT FROM tochka_problem known WHERE known.connection_id = connection.id
                       AND known.code IN ('access', 'certificate'))
    """)


def _keep_notes_of_payments(cr):
    """ The text of a payment is open while one of its activities is: whoever has done that has
    looked at it. """
    cr.execute("""
        WITH note AS (
            SELECT tx.id, tx.company_id, tx.tochka_problem AS text, tx.last_state_change AS since, (
                   SELECT activity.id FROM mail_activity activity
                    WHERE activity.active AND right(activity.summary, length(tx.reference) + 1)
                          = ' ' || tx.reference
                    ORDER BY activity.id DESC LIMIT 1) AS activity_id
              FROM payment_transaction tx WHERE tx.tochka_problem IS NOT NULL)
        INSERT INTO tochka_problem (
                    code, subject, params, res_model, res_id, company_id, severity, since,
                    activity_id, user_id, is_asked, closed_at, reason)
             SELECT 'note', '', jsonb_build_object('text', note.text), 'payment.transaction',
                    note.id, note.company_id, '2_warning',
                    COALESCE(note.since, now() AT TIME ZONE 'UTC'),
                    activity.id, activity.user_id, true,
                    CASE WHEN activity.id IS NULL THEN now() AT TIME ZONE 'UTC' END,
                    CASE WHEN activity.id IS NULL THEN 'Its activity was done.' END
               FROM note LEFT JOIN mail_activity activity ON activity.id = note.activity_id
    """)
    cr.execute("ALTER TABLE payment_transaction DROP COLUMN tochka_problem")


def _keep_activities(env):
    """ An activity that is open is the face of its problem from now on. """
    kept = env.ref('tochka_acquiring.mail_activity_connection')
    for name, codes in ACTIVITIES.items():
        kind = env.ref(f'tochka_acquiring.{name}', raise_if_not_found=False)
        activities = env['mail.activity'].with_context(active_test=False).search(
            [('activity_type_id', '=', kind.id)]) if kind else env['mail.activity']
        for activity in activities.filtered('active'):
            env['tochka.problem'].search([
                ('res_model', '=', activity.res_model), ('res_id', '=', activity.res_id),
                ('code', 'in', codes), ('activity_id', '=', False),
            ], limit=1).write({
                'activity_id': activity.id, 'user_id': activity.user_id.id, 'is_asked': True})
        activities.activity_type_id = kept
    for problem in env['tochka.problem'].search([('code', '=', 'expiry')]):
        activity = env['mail.activity'].search([
            ('res_model', '=', problem.res_model), ('res_id', '=', problem.res_id),
            ('automated', '=', True),
            ('date_deadline', '=', (problem.params or {}).get('at', '')[:10] or False)], limit=1)
        if activity:
            problem.write({
                'activity_id': activity.id, 'user_id': activity.user_id.id, 'is_asked': True})
    # An obstacle of a provider was asked about under its name.
    for problem in env['tochka.problem'].search([('code', '=', 'provider')]):
        provider = env['payment.provider'].browse((problem.params or {}).get('id')).exists()
        activity = problem.connection_id.activity_ids.filtered(
            lambda activity, name=provider.name: name and activity.summary == name)[:1]
        if activity:
            problem.write({
                'activity_id': activity.id, 'user_id': activity.user_id.id, 'is_asked': True})
