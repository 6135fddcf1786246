# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import date
from decimal import Decimal

import psycopg2

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import plaintext2html

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_acquiring import const

_logger = get_payment_logger(__name__, const.SENSITIVE_KEYS)

# The fields in which records list their open problems; the second name is that of core models.
LISTS = ('problem_ids', 'tochka_problem_ids')


class TochkaProblem(models.Model):
    """ What needs a person, whatever it is about: a connection, a payment, a refund, a receipt.

    A row keeps a code with what happened; the words are made for whoever reads them, in their
    language (`_texts_<code>` in the other files of this room, see `tochka_problem_text`). Its face
    is one activity for whoever is responsible.
    """

    _name = 'tochka.problem'
    _description = "Online payments: problem"
    _order = 'severity, id'
    _rec_name = 'title'

    code = fields.Char(required=True, readonly=True)
    subject = fields.Char(
        string="Of what", readonly=True, required=True, default='',
        help="Which of several: a shop, a provider, a permission, a refund.")
    params = fields.Json(readonly=True, groups='base.group_system')
    res_model = fields.Char(string="Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Record", model_field='res_model', required=True, readonly=True)
    connection_id = fields.Many2one(
        string="Bank connection", comodel_name='tochka.connection', readonly=True,
        ondelete='cascade', index='btree_not_null')
    company_id = fields.Many2one(
        string="Company", comodel_name='res.company', readonly=True, ondelete='cascade', index=True)
    severity = fields.Selection(
        string="Severity",
        selection=[
            ('1_danger', "Payments or receipts are at stake"),
            ('2_warning', "Something does not work as it should"),
            ('3_info', "To be looked at in time"),
        ],
        required=True, readonly=True)
    since = fields.Datetime(
        string="Since", required=True, readonly=True, default=fields.Datetime.now)
    user_id = fields.Many2one(string="Responsible", comodel_name='res.users', readonly=True)
    activity_id = fields.Many2one(
        comodel_name='mail.activity', readonly=True, ondelete='set null',
        groups='base.group_system')
    # Whoever has done or deleted the activity is not asked again.
    is_asked = fields.Boolean(readonly=True)

    #  open ──the cause is gone──────────────────────────────► closed, over
    #    └──a person, with a reason──► closed ──the cause is gone──┘
    #                                    └──something else is wrong──► (a new one)
    closed_at = fields.Datetime(string="Closed at", readonly=True)
    closed_by_id = fields.Many2one(string="Closed by", comodel_name='res.users', readonly=True)
    reason = fields.Text(string="Why it was closed", readonly=True)
    over_at = fields.Datetime(
        readonly=True, help="The cause is gone; the same would be another problem.")

    # Of those that are open, and of those that a person has closed while the cause lasts.
    _standing_uniq = models.UniqueIndex(
        '(res_model, res_id, code, subject) WHERE over_at IS NULL', "A problem is named once.")

    # === BUSINESS METHODS - OPEN AND CLOSE === #

    @api.model
    def _open(
        self, record, code, subject='', severity=None, company=None, user=None, **params
    ):
        """ Ask a person to look at a record, once for each problem; whatever is new is taken over.

        One that a person has closed is not opened again as long as nothing else is wrong.

        :param models.Model record: What it is about.
        :param str code: What is wrong: the texts are those of `_texts_<code>`.
        :param str subject: Which of several; together with record and code it names the problem.
        :param str|None severity: By default that of the code, `const.PROBLEM_SEVERITY`.
        :param res.company|None company: By default that of the record.
        :param res.users|None user: Who is asked; by default whoever the record names.
        :param params: What the texts need: JSON, also amounts, days, records and errors; `at` is
                       the day by which something has to be done.
        :return: The problem; empty where a person has closed it.
        :rtype: tochka.problem
        """
        # Nobody's context decides who is asked, and whether.
        self = self.with_env(self.env(context={}))  # noqa: PLW0642
        record = record.with_env(self.env).sudo()
        record.ensure_one()
        if company is None and 'company_id' in record._fields:
            company = record.company_id
        values = {
            'params': {name: self._plain(value) for name, value in params.items()},
            'severity': severity or const.PROBLEM_SEVERITY.get(code, '2_warning'),
            'company_id': company.id if company else False,
        }
        standing = self.sudo().search([
            *self._about(record), ('code', '=', code), ('subject', '=', subject or '')])
        problem = standing.filtered(lambda one: not one.closed_at)
        if problem:
            changed = {
                name: value for name, value in values.items()
                if problem._fields[name].convert_to_write(problem[name], problem) != value}
            if changed:
                is_worse = values['severity'] < problem.severity
                problem.write(changed)
                problem._show_activity(again=is_worse)
            return problem
        if any(one.params == values['params'] and one.severity <= values['severity']
               for one in standing):
            return problem
        standing.over_at = fields.Datetime.now()
        standing.flush_recordset()
        return self._create_open(
            record, user, {**values, 'code': code, 'subject': subject or ''})

    @api.model
    def _create_open(self, record, user, values):
        """ Create a problem and ask its person.

        :param models.Model record: What it is about.
        :param res.users|None user: Who is asked.
        :param dict values: The rest.
        :return: The problem; empty if somebody else has just opened it.
        :rtype: tochka.problem
        """
        user = user or self._find_responsible(record, record.env['res.company'].browse(
            values['company_id']))
        try:
            with self.env.cr.savepoint():
                problem = self.sudo().create({
                    **values,
                    'res_model': record._name,
                    'res_id': record.id,
                    'connection_id': record.id if record._name == 'tochka.connection' else False,
                    'user_id': user.id,
                })
        except psycopg2.errors.UniqueViolation:
            return self.browse()
        _logger.warning("%s needs attention: %s %s", record, problem.code, problem.subject)
        problem._forget_lists()
        problem._show_activity()
        return problem

    @api.model
    def _close(self, record, codes=None, subject=None):
        """ Close what is gone.

        :param models.Model record: What it is about.
        :param Iterable[str]|None codes: What is gone; None: all.
        :param str|None subject: Of what; None: of all.
        :return: None
        """
        domain = self._about(record)
        if codes is not None:
            domain.append(('code', 'in', list(codes)))
        if subject is not None:
            domain.append(('subject', '=', subject))
        self.sudo().search(domain)._end()

    def _end(self):
        """ The cause of these problems is gone. """
        self.filtered(lambda problem: not problem.closed_at)._finish({})
        self.over_at = fields.Datetime.now()

    def _finish(self, values):
        """ Close problems and their activities.

        :param dict values: Who has closed them, and why, if somebody has.
        """
        self.write({**values, 'closed_at': fields.Datetime.now()})
        self._forget_lists()
        for problem in self.filtered('activity_id.active'):
            activity = problem.activity_id.with_context(lang=problem.activity_id.user_id.lang)
            activity.action_feedback(
                feedback=problem.reason or activity.env._("The cause is gone."))

    def _close_by_person(self, reason):
        """ Close problems because a person who sees them says so.

        :param str reason: Why.
        :raise AccessError: If one of them, or its record, is not the user's to see.
        """
        for problem in self:
            problem.check_access('read')
            problem._record().check_access('read')
        self.sudo().filtered(lambda problem: not problem.closed_at)._finish({
            'closed_by_id': self.env.uid, 'reason': reason})

    @api.model
    def _stands(self, records, code):
        """ Return whether a problem of one of these records is open. :rtype: bool """
        return bool(self.sudo().search_count([
            *self._about(records), ('code', '=', code), ('closed_at', '=', False)], limit=1))

    @api.model
    def _about(self, record):
        return [
            ('res_model', '=', record._name), ('res_id', 'in', record.ids),
            ('over_at', '=', False)]

    def _forget_lists(self):
        """ The open problems that records list are others now. """
        for model, problems in self.grouped('res_model').items():
            if model not in self.env:
                continue  # its add-on is gone
            records = self.env[model].browse(problems.mapped('res_id'))
            records.invalidate_recordset([name for name in LISTS if name in records._fields])

    @api.model
    def _plain(self, value):
        """ Return a value as JSON keeps it. """
        if isinstance(value, Exception):
            text = getattr(value, 'message', None) or str(value)
            return {'text': text, 'more': str(value).removeprefix(text)}
        if isinstance(value, models.BaseModel):
            return value.ids
        if isinstance(value, date):  # a datetime is one, too
            return fields.Datetime.to_string(value) if hasattr(value, 'hour') else str(value)
        if isinstance(value, Decimal):
            return str(value)
        return list(value) if isinstance(value, (tuple, set)) else value

    @api.model
    def _find_responsible(self, record, company):
        """ Return who is asked about a record.

        :param models.Model record: What it is about; it names somebody by `_responsible`, one of a
                                    core model by `_tochka_responsible`.
        :param res.company company: Whose accountant is asked where it names nobody.
        :rtype: res.users
        """
        record = record.sudo()
        for name in ('_responsible', '_tochka_responsible'):
            if record and hasattr(record, name):
                return getattr(record, name)()
        return company.sudo()._tochka_accountant()

    @api.model
    def _for_reader(self, record):
        """ Return a record in the language of whoever is asked about it.

        What a job, a notification or a visitor's request writes into the books is read by them,
        and neither OdooBot's English nor the visitor's language may decide.

        :param models.Model record: A record, or none.
        :rtype: models.Model
        """
        if not record:
            return record
        company = record.env['res.company']
        if 'company_id' in record._fields:
            company = record[:1].sudo().company_id
        user = self._find_responsible(record[:1], company)
        # As Odoo itself asks for it at each request: without a query.
        lang = user.with_user(user).context_get()['lang']
        return record.with_context(lang=lang) if lang != record.env.context.get('lang') else record

    # === BUSINESS METHODS - ACTIVITY === #

    def _show_activity(self, again=False):
        """ Ask whoever is responsible, in their language; what is only to be looked at in time asks
        nobody. One that was done stays done.

        :param bool again: Whether to ask once more.
        """
        self.ensure_one()
        user = self.user_id
        known = self.activity_id.filtered('active')
        if self.severity == '3_info' or self.code in const.PROBLEMS_ONLY_SHOWN or not user:
            return
        if self.is_asked and not known and not again:
            return
        reader = self.with_user(user).with_context(lang=user.lang).sudo()
        params = self.params or {}
        values = {
            **({'date_deadline': fields.Date.to_date(params['at'])} if params.get('at') else {}),
            # It may stand on another record, its document say.
            'summary': ': '.join(filter(None, [reader.record_name, reader.title])),
            'note': plaintext2html(reader.advice or reader._advise_to_ask()),
        }
        if known:
            known.write(values)
            return
        face = self._record().sudo()
        if hasattr(face, '_tochka_problem_face'):
            face = face._tochka_problem_face()
        if hasattr(face, 'activity_schedule'):
            # The chatter of a document belongs to everybody; whoever does it is OdooBot.
            self.is_asked = True
            self.activity_id = face.activity_schedule(
                const.PROBLEM_ACTIVITIES.get(face._name, 'mail.mail_activity_data_warning'),
                user_id=user.id, **values)

    # === ACTION METHODS === #

    def action_mend(self):
        """ Press the button that mends it.

        :return: What the record's method returns.
        :rtype: dict
        :raise UserError: If there is no button for it.
        """
        self.ensure_one()
        self.check_access('read')
        if self.action_name not in self._action_labels():
            raise UserError(_("A person has to mend this: %s", self.advice or self.title))
        # With the rights of whoever presses it: the methods check them.
        return getattr(self._record(), self.action_name)()

    def action_close(self):
        """ Ask why these problems need nobody any more.

        :return: The action that opens the wizard.
        :rtype: dict
        """
        self.check_access('read')
        return {
            'type': 'ir.actions.act_window', 'name': _("Close with a reason"),
            'res_model': 'tochka.problem.close', 'view_mode': 'form', 'target': 'new',
            'res_id': self.env['tochka.problem.close'].create({
                'problem_ids': [Command.set(self.ids)]}).id,
        }

    def action_open_record(self):
        """ Open what it is about.

        :return: The action that opens the form.
        :rtype: dict
        """
        self.ensure_one()
        self.check_access('read')
        record = self._record()
        record.check_access('read')
        return {
            'type': 'ir.actions.act_window',
            'res_model': record._name,
            'res_id': record.id,
            'view_mode': 'form',
            'views': [(False, 'form')],
        }

    def _record(self):
        """ Return what it is about, with the rights of the reader.

        :return: The record; empty if it was deleted.
        :rtype: models.Model
        """
        self.ensure_one()
        if self.res_model not in self.env:
            return self.browse()
        return self.env[self.res_model].browse(self.res_id).exists()

    def _record_as(self, model):
        """ Return what it is about, of a model that the words need; empty if it is of another.

        :rtype: models.Model
        """
        record = self._record()
        return record if record._name == model else self.env[model]
