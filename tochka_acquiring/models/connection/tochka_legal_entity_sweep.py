# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

import psycopg2

from odoo import api, fields, models

from odoo.addons.tochka_acquiring import const, tuning

# Kind of a sweep -> the lists of operations that it goes through, by their status.
LISTS = {'sweep': (None,), 'refund_sweep': const.REFUND_STATUSES}
SWEPT_AT = {'sweep': 'swept_at', 'refund_sweep': 'refund_swept_at'}


class TochkaLegalEntity(models.Model):
    """ How far the comparison with the bank's list has come.

    A run of the job ends after seconds, and may be killed; the next one goes on at the page, and
    within it behind the operation, where the last one has stopped.
    """

    _inherit = 'tochka.legal.entity'

    #  (none) ──due──► began_at, place ──page──► place ──all pages──► swept_at
    #                     ▲        │ no time, no answer: the next run goes on at the place
    #                     └────────┘
    sweep_began_at = fields.Datetime(readonly=True, copy=False)
    # list, page, after: an operation, busy: transactions
    sweep_place = fields.Json(readonly=True, copy=False)
    refund_swept_at = fields.Datetime(readonly=True, copy=False)
    refund_sweep_began_at = fields.Datetime(readonly=True, copy=False)
    refund_sweep_place = fields.Json(readonly=True, copy=False)

    # === BUSINESS METHODS - WHICH === #

    @api.model
    def _due_for_sweep(self, kind):
        """ Return the legal entities that a run has to compare, those first that have waited.

        They are those that were begun or asked for, or have waited since yesterday. If there are
        none, whoever has started the job wants all. It commits.

        :param str kind: 'sweep' or 'refund_sweep'.
        :rtype: tochka.legal.entity
        """
        now = fields.Datetime.now()
        began_at, swept_at = f'{kind}_began_at', SWEPT_AT[kind]
        entities = self.with_context(active_test=False).search([
            ('connection_id.state', 'in', ('connected', 'attention')),
        ], order=f'{swept_at} NULLS FIRST, id')
        due = entities.filtered(
            lambda entity: entity[began_at] or not entity[swept_at]
            or entity[swept_at] < now - timedelta(hours=tuning.SWEEP_HOURS)
        ) or entities
        stale = now - timedelta(hours=tuning.SWEEP_STALE_HOURS)
        new = due.filtered(lambda entity: not entity[began_at] or entity[began_at] < stale)
        new.write({began_at: now, f'{kind}_place': False})
        self.env['ir.cron']._commit_progress(0)
        return due

    @api.model
    def _ask_for_sweep(self):
        """ Let all legal entities be compared as soon as this is committed (after a stop). """
        self.with_context(active_test=False).search([]).write({
            'sweep_began_at': fields.Datetime.now(), 'sweep_place': False})
        self.env.ref('tochka_acquiring.cron_sweep').sudo()._trigger()

    @api.model
    def _under_sweep(self):
        """ Return the legal entities whose operations are being compared: the poll stands back.

        The mark ends with the sweep, and counts for some minutes only: a sweep that is killed or
        lasts long holds up nobody.

        :rtype: tochka.legal.entity
        """
        now = fields.Datetime.now()
        return self.with_context(active_test=False).search([
            ('connection_id.state', 'in', ('connected', 'attention')),
            ('sweep_began_at', '>', now - timedelta(minutes=tuning.STAND_BACK_MINUTES)),
            ('sweep_began_at', '<=', now),
        ])

    # === BUSINESS METHODS - ONE === #

    def _sweep(self, kind):
        """ Go through the bank's lists from where the last run has stopped. It commits.

        :param str kind: 'sweep' or 'refund_sweep'.
        :return: Whether it is through; else there was no time for the rest.
        :rtype: bool
        :raise TochkaError: If the bank refused or stayed silent.
        :raise LockNotAvailable: If somebody is still working on a transaction.
        """
        self.ensure_one()
        place_field = f'{kind}_place'
        began_at = self[f'{kind}_began_at']
        from_day, to_day = self._sweep_period(kind, began_at)
        place = {'list': 0, 'page': 1, 'after': None, 'busy': []} | (self[place_field] or {})
        client = self.connection_id._client()
        while place['list'] < len(LISTS[kind]):
            operations, is_last = client.list_page(
                self.customer_code, from_day, to_day, status=LISTS[kind][place['list']],
                page=place['page'])
            ids = [operation.operation_id for operation in operations]
            if place['after'] in ids:
                operations = operations[ids.index(place['after']) + 1:]
            place['after'], busy = self.env['payment.transaction']._tochka_compare(
                self, operations)
            place['busy'] += busy
            if not place['after']:
                place['page'] += 1
                if is_last:
                    place |= {'list': place['list'] + 1, 'page': 1}
            self[place_field] = dict(place)
            time_left = self.env['ir.cron']._tochka_time_left()
            if place['after'] or not time_left and place['list'] < len(LISTS[kind]):
                return False
        place['busy'] = self._look_again(place['busy'])
        if place['busy']:
            self[place_field] = dict(place)
            self.env['ir.cron']._commit_progress(0)
            raise psycopg2.errors.LockNotAvailable("A payment is being worked on by others.")
        self.write({
            SWEPT_AT[kind]: began_at, f'{kind}_began_at': False, place_field: False})
        self.env['ir.cron']._commit_progress(1)
        return True

    def _look_again(self, busy):
        """ Ask for what somebody else was working on: the page that told of it is old by now.

        :param list[int] busy: The ids of transactions.
        :return: Those that somebody is still working on.
        :rtype: list[int]
        """
        transactions = self.env['payment.transaction'].browse(busy).exists()
        return [
            transaction.id for transaction in transactions
            if self.env['ir.cron']._tochka_guard(
                lambda one: one._tochka_refresh_in_job(), transaction) == 'busy'
        ]

    def _sweep_period(self, kind, began_at):
        """ Return the days whose operations are listed: the same in each run of a sweep.

        :param str kind: 'sweep' or 'refund_sweep'.
        :param datetime began_at: When the sweep has begun.
        :rtype: tuple[date, date]
        """
        to_day = began_at.date() + timedelta(days=1)
        if kind == 'refund_sweep':
            return began_at.date() - timedelta(days=const.REFUND_SWEEP_DAYS), to_day
        providers = self.env['payment.provider'].search([('code', '=', 'tochka')])
        longest_life = max([const.DEFAULT_LINK_TTL, *providers.mapped('tochka_link_ttl')])
        # After a long silence (a key that had ended) the period reaches back to the last sweep.
        since = (self.swept_at or began_at) - timedelta(
            minutes=longest_life, days=const.SWEEP_EXTRA_DAYS)
        return since.date(), to_day

    def _give_up_sweep(self, kind):
        """ The bank refuses, or something breaks: the next night begins anew.

        :param str kind: 'sweep' or 'refund_sweep'.
        """
        self.write({f'{kind}_began_at': False, f'{kind}_place': False})
