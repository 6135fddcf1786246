# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import psycopg2

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_acquiring import const, tuning
from odoo.addons.tochka_acquiring.api import errors
from odoo.addons.tochka_acquiring.utils import bank_time

_logger = get_payment_logger(__name__, const.SENSITIVE_KEYS)


class TochkaConnection(models.Model):
    """ What the connection takes over from the bank: legal entities, shops and accounts. """

    _inherit = 'tochka.connection'

    # === BUSINESS METHODS - DATA === #

    def _load_data(self):
        """ Take over the companies and shops that the key gives access to.

        Nothing is deleted: what vanished at the bank is archived and named, so that payments and
        settings keep what they point to.

        :return: What was found, for the administrator.
        :rtype: str
        :raise TochkaError: If the bank refused or stayed silent; nothing is changed then.
        """
        self.ensure_one()
        client = self._client()
        # Persons can't have acquiring. Source: LINKS («customerType = Business»).
        customers = [c for c in client.customers() if c.type == 'Business']
        if not customers:
            raise errors.Rejected(_("The key gives access to no company."))
        retailers = {c.customer_code: client.retailers(c.customer_code) for c in customers}
        accounts = self._read_accounts(client)

        # At the first time everything is new, and the summary says it all.
        is_known = bool(self.with_context(active_test=False).merchant_ids)
        before = self._describe_data()
        allowed = {
            merchant: merchant._tochka_payment_method_codes()
            for merchant in self.with_context(active_test=False).merchant_ids
        }
        entities = self._update_legal_entities(customers)
        merchants = self._update_merchants(entities, retailers)
        if accounts is not None:
            self._update_accounts(entities, accounts)
        if is_known:
            self._name_changes(before)
        self.write({
            'checked_at': fields.Datetime.now(),
            'clock_difference': client.clock_difference or 0,
        })
        self._clear_problem()
        self.env['payment.provider'].sudo()._tochka_sync_payment_methods(merchants, allowed)
        return _(
            "Connected: %(entities)s legal entities, %(merchants)s shops.",
            entities=len(entities), merchants=len(merchants),
        )

    def _update_legal_entities(self, customers):
        """ Create and update the legal entities; archive those that vanished.

        :param list[Customer] customers: The companies at the bank.
        :return: The present legal entities.
        :rtype: tochka.legal.entity
        """
        known = {
            entity.customer_code: entity
            for entity in self.with_context(active_test=False).legal_entity_ids
        }
        present = self.env['tochka.legal.entity']
        for customer in customers:
            values = {
                'name': customer.short_name or customer.name or customer.customer_code,
                'inn': customer.inn,
                'kpp': customer.kpp,
                'ogrn': customer.ogrn,
                'active': True,
            }
            entity = known.get(customer.customer_code)
            if entity:
                # Only what has changed, lest an old company be checked against it again and again.
                changed = {name: value for name, value in values.items()
                           if (entity[name] or '') != (value or '')}
                if 'inn' in changed and entity.company_id:
                    changed['company_id'] = self._guess_company(customer.inn).id
                entity.write(changed)
            else:
                entity = present.create({
                    **values,
                    'connection_id': self.id,
                    'customer_code': customer.customer_code,
                    'company_id': self._guess_company(customer.inn).id,
                })
            present |= entity
        self._archive(self.legal_entity_ids - present)
        return present

    def _guess_company(self, inn):
        """ Return the only company of the connection that has this INN, if there is one.

        :rtype: res.company
        """
        companies = self.company_ids.filtered(
            lambda company: inn and inn == (company.vat or company.company_registry))
        return companies if len(companies) == 1 else self.env['res.company']

    def _update_merchants(self, entities, retailers):
        """ Create and update the shops; archive those that vanished.

        :param tochka.legal.entity entities: The present legal entities.
        :param dict[str, list[Retailer]] retailers: The shops by customer code.
        :return: The present shops.
        :rtype: tochka.merchant
        """
        known = {
            merchant.merchant_id: merchant
            for merchant in self.with_context(active_test=False).merchant_ids
        }
        present = self.env['tochka.merchant']
        for entity in entities:
            for retailer in retailers[entity.customer_code]:
                if not retailer.merchant_id:
                    continue  # The contract is being set up; the shop has no number yet.
                values = {
                    'legal_entity_id': entity.id,
                    'name': retailer.name or retailer.merchant_id,
                    'url': retailer.url,
                    'mcc': retailer.mcc,
                    'rate': float(retailer.rate) if retailer.rate is not None else 0.0,
                    'bank_status': retailer.status,
                    'is_usable': retailer.usable,
                    'payment_modes': ','.join(retailer.payment_modes),
                    'cashbox': retailer.cashbox,
                    'active': True,
                }
                merchant = known.get(retailer.merchant_id)
                if merchant:
                    merchant.write(values)
                else:
                    merchant = present.create({**values, 'merchant_id': retailer.merchant_id})
                present |= merchant
        self._archive(self.merchant_ids - present)
        return present

    def _read_accounts(self, client):
        """ Return the accounts, or None where they are not wanted or not allowed.

        Payments do not hang on them: a refusal leaves the known ones as they are.

        :param TochkaClient client: The bank's client.
        :rtype: list[Account]|None
        """
        if not self.use_accounts:
            return None
        try:
            accounts = client.accounts()
        except errors.TochkaError as error:
            _logger.info("The accounts of connection %s stay as they were: %s", self.id, error)
            if isinstance(error, errors.Unauthorized):
                self._note_permissions('accounts', 'missing')
            return None
        self._note_permissions('accounts', 'granted')
        return accounts

    def _update_accounts(self, entities, accounts):
        """ Create and update the accounts; archive those that vanished.

        :param tochka.legal.entity entities: The present legal entities.
        :param list[Account] accounts: The accounts at the bank.
        """
        entity_by_code = {entity.customer_code: entity for entity in entities}
        known = {
            (account.legal_entity_id, account.number): account
            for account in self.with_context(active_test=False).account_ids
        }
        present = self.env['tochka.account']
        for account in accounts:
            entity = entity_by_code.get(account.customer_code)
            if not entity:
                continue  # of a person
            values = {
                'bic': account.bic, 'currency': account.currency, 'bank_status': account.status,
                'active': True,
            }
            record = known.get((entity, account.number))
            if record:
                record.write(values)
            else:
                record = present.create({
                    **values, 'legal_entity_id': entity.id, 'number': account.number,
                })
            present |= record
        self._archive(self.account_ids - present)

    def _describe_data(self):
        """ Return what a person should be told about when it changes.

        :return: Sentences by what they are about.
        :rtype: dict[tuple[str, int], str]
        """
        description = {}
        for records, describe in (
            (self.legal_entity_ids, lambda entity: entity.name),
            (self.merchant_ids, lambda merchant: _(
                "%(shop)s: ways to pay %(modes)s; online register: %(register)s",
                shop=merchant.display_name, modes=merchant.payment_modes or '-',
                register=merchant.cashbox or _("none"))),
            (self.account_ids, lambda account: account.number),
        ):
            for record in records:
                description[record._name, record.id] = describe(record)
        return description

    def _name_changes(self, before):
        """ Name in the chatter what is new or different at the bank.

        :param dict before: What `_describe_data` returned before.
        """
        after = self._describe_data()
        changes = [text for key, text in after.items() if before.get(key) != text]
        if changes:
            self.message_post(body=_("New or changed at the bank: %s", '; '.join(changes)))

    def _archive(self, records):
        """ Archive what the bank does not list any more, and name it in the chatter. """
        if records:
            records.active = False
            self.message_post(body=_(
                "The bank does not list any more: %s", ', '.join(records.mapped('display_name'))
            ))

    # === BUSINESS METHODS - JOBS === #

    @api.model
    def _check_soon(self):
        """ Let the job compare everything with the bank as soon as it can (after an upgrade). """
        self.env.ref('tochka_acquiring.cron_refresh').sudo()._trigger()

    @api.model
    def _cron_tochka_refresh(self):
        """ Take over what changed at the bank, and warn before something expires. """
        self.env['ir.cron']._tochka_walk('tochka_acquiring.cron_refresh', self, [
            ('state', 'in', ('waiting', 'connected', 'attention')),
        ], lambda connection: connection._check_in_job())

    def _check_in_job(self):
        """ Bring a connection up to date, and report what keeps it from being so. It commits. """
        self.ensure_one()
        # Without a consent there is nothing to ask; with one, its data may not have been read yet.
        if self.state == 'waiting' and not self._token():
            return
        try:
            if self._may_ask():
                with bank_time(tuning.JOB_BANK_SECONDS):
                    self._check()
                self._note_answer()
        except errors.TochkaError as error:
            _logger.warning("Connection %s: %s", self.id, error)
            self._note_answer(error)
            self._report_problem(error)
        except psycopg2.OperationalError:
            raise
        except Exception as error:
            # One connection must not keep the others from being refreshed and warned about.
            _logger.exception("Connection %s can't be refreshed", self.id)
            self.env.cr.rollback()
            self._report_problem(errors.Rejected(_(
                "Odoo could not take the bank's data over: %s",
                str(error) if isinstance(error, UserError) else _("see the server's log."))))
        self._update_problems()
