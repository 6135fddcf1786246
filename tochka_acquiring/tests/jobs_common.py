# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from contextlib import contextmanager
from unittest.mock import patch

from odoo import fields
from odoo.tools.misc import Callbacks


class JobsMixin:
    """ How jobs are driven: run by run, each with as much time as the test gives. """

    module = 'tochka_acquiring'

    def jobs(self):
        """ Return the names of all jobs of the add-on. """
        return set(self.env['ir.model.data'].sudo().search([
            ('module', '=', self.module), ('model', '=', 'ir.cron')]).mapped('name'))

    @contextmanager
    def no_time(self, records=1):
        """ Let each run of a job end after so many records. """
        cron = type(self.env['ir.cron'])
        real, worked = cron._tochka_time_left, [0]

        def time_left(self, processed=0):
            left = real(self, processed)
            worked[0] += processed
            if worked[0] < records:
                return left
            worked[0] = 0
            return 0

        with patch.object(cron, '_tochka_time_left', time_left):
            yield

    @contextmanager
    def told(self):
        """ Yield a list with an entry for each time that the workers are told of work. """
        seen, add = [], Callbacks.add

        def note(callbacks, function):
            if getattr(function, '__name__', '') == '_notifydb':
                seen.append(1)
            return add(callbacks, function)

        # A test never commits, so that what would follow a commit does not happen.
        with patch.object(Callbacks, 'add', note):
            yield seen

    def run_once(self, name):
        """ Run a job as the scheduler does, whatever is silent. """
        job = self.env.ref(f'{self.module}.{name}').sudo()
        # Odoo does so when it begins, up to when its transaction has: here that of the whole test.
        self.env['ir.cron.trigger'].sudo().search([
            ('cron_id', '=', job.id), ('call_at', '<=', fields.Datetime.now())]).unlink()
        self.env.flush_all()
        job.method_direct_trigger()
        self.env.invalidate_all()

    def wakes(self, name):
        """ Return whether a job wants to run at once. """
        return bool(self.env['ir.cron.trigger'].sudo().search_count([
            ('cron_id', '=', self.env.ref(f'{self.module}.{name}').id),
            ('call_at', '<=', fields.Datetime.now())]))

    def run_until_idle(self, name, limit=20):
        """ Run a job as often as it wakes itself. :return: How often. """
        for count in range(1, limit + 1):
            self.run_once(name)
            if not self.wakes(name):
                return count
        self.fail(f"{name} never comes to an end")
