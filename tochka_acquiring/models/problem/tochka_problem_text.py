# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, api, fields, models
from odoo.tools import format_date, format_datetime, formatLang


class TochkaProblem(models.Model):
    """ The words of a problem, made for whoever reads them.

    `_texts_<code>` takes the parameters and returns what is wrong, how it is mended, and the method
    of a button (or False). They lie in `tochka_problem_<room>`.
    """

    _inherit = 'tochka.problem'

    title = fields.Char(
        string="Problem", compute='_compute_texts', compute_sudo=True)
    advice = fields.Text(
        string="How to mend it", compute='_compute_texts', compute_sudo=True)
    action_name = fields.Char(compute='_compute_texts', compute_sudo=True)
    action_label = fields.Char(compute='_compute_texts', compute_sudo=True)
    record_name = fields.Char(
        string="Where", compute='_compute_texts', compute_sudo=True)

    # === COMPUTE METHODS === #

    @api.depends('code', 'params', 'subject', 'res_model', 'res_id')
    @api.depends_context('lang', 'uid')
    def _compute_texts(self):
        is_administrator = self.env.user.has_group('base.group_system')
        for problem in self:
            title, advice, action = problem._texts()
            if problem.res_model == 'tochka.connection' and not is_administrator:
                # They may name another system's address, or quote the bank, and the way out is the
                # administrator's.
                advice = action = False
            problem.title = title
            problem.advice = advice
            problem.action_name = action
            problem.action_label = problem._action_labels().get(action, False)
            problem.record_name = problem._record().display_name or False

    def _action_labels(self):
        """ Return the buttons that mend: a method of the record, and its label. """
        return {
            'action_connect': _("Check now"),
            'action_retry': _("Try again"),
            'action_open_consent': _("Open the bank's page"),
            'action_fetch_ca': _("Fetch the certificate"),
            'action_register_webhook': _("Turn notifications on"),
            'action_take_webhook': _("Take the notifications over"),
            'action_confirm_address': _("Use the new address"),
            'action_adopt_database': _("This database is the real one"),
        }

    def _texts(self):
        """ Return what is wrong, how it is mended, and the method of a button.

        :return: The title, the advice and a method of the record or False.
        :rtype: tuple[str, str, str|bool]
        """
        self.ensure_one()
        params = self.params or {}
        texts = getattr(self, f'_texts_{self.code}', None)
        if texts:
            return texts(params)
        # Of a later version, or of an add-on that is not here any more.
        return (
            _("Something needs a person: %s.", self.code),
            '\n'.join(f'{name}: {value}' for name, value in params.items()), False,
        )

    def _texts_note(self, params):
        """ What an earlier version has written down, in its words. """
        title, _line_end, rest = (params.get('text') or '').strip().partition('\n')
        return title or _("A note of an earlier version."), rest, False

    @api.model
    def _advise_to_ask(self):
        return _("Ask an administrator of Odoo: the way out is shown there.")

    # === BUSINESS METHODS - WORDS === #

    @api.model
    def _day(self, text):
        """ Return a day in the reader's form.

        :param str|None text: A day or a moment, as `_open` keeps it.
        :rtype: str
        """
        return format_date(self.env, fields.Date.to_date(text)) if text else ''

    @api.model
    def _moment(self, text):
        """ Return a moment in the reader's form and time zone. :rtype: str """
        return format_datetime(self.env, fields.Datetime.to_datetime(text)) if text else ''

    @api.model
    def _amount(self, text):
        """ Return an amount in the reader's form.

        :param str|None text: Roubles, with a point.
        :rtype: str
        """
        try:
            return formatLang(self.env, float(text or 0), digits=2)
        except ValueError:  # the bank's own words
            return text

    @api.model
    def _error(self, error):
        """ Return what has gone wrong in the reader's language.

        :param dict|str|None error: An exception as `_open` keeps it, or words.
        :rtype: str
        """
        if not isinstance(error, dict):
            return error or ''
        text = error.get('text') or ''
        return (self.env._(text) if text else '') + (error.get('more') or '')
