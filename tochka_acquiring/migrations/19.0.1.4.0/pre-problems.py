# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.


def migrate(cr, _version):
    """ Problems were of connections alone: now they name the record that they are about. """
    cr.execute("""
        ALTER TABLE tochka_problem
            ADD COLUMN res_model varchar,
            ADD COLUMN res_id integer,
            ADD COLUMN since timestamp without time zone,
            DROP CONSTRAINT IF EXISTS tochka_problem_problem_uniq
    """)
    cr.execute("""
        UPDATE tochka_problem problem
           SET res_model = 'tochka.connection', res_id = problem.connection_id,
               since = COALESCE(problem.create_date, now() AT TIME ZONE 'UTC'),
               params = CASE
                   WHEN problem.code IN ('access', 'certificate') THEN jsonb_build_object(
                       'error', connection.problem,
                       -- A good answer ends what it ends, a new key the rest.
                       'kind', CASE WHEN connection.problem_kind = 'other' THEN 'silence'
                                    ELSE connection.problem_kind END)
                   ELSE COALESCE(problem.params, '{}') - 'company_id' END
          FROM tochka_connection connection
         WHERE connection.id = problem.connection_id
    """)
