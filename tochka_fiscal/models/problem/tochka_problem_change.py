# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, fields, models


class TochkaProblem(models.Model):
    """ What a change of taxation leaves for a person. """

    _inherit = 'tochka.problem'

    def _texts_change_register(self, params):
        labels = [dict(self.env['fiscal.change']._fields[name]._description_selection(self.env))
                  for name in ('taxation_system', 'vat')]
        return (
            _("A register must be told of the change of taxation on %s.",
              self._day(params.get('at'))),
            _("From that day Odoo sends \"%(system)s\" and \"%(vat)s\". Set the same in the"
              " cabinet of the service (of the bank's register: in the internet bank), and with the"
              " registration of the till where the taxation system changes. This ends by itself"
              " when the register has printed the first such receipt; of the bank's register, which"
              " does not tell, close it with a word about it.",
              system=labels[0].get(params.get('system'), ''),
              vat=labels[1].get(params.get('vat'), '')), False,
        )

    def _texts_change_documents(self, params):
        company = self._record_as('res.company').sudo()
        counts = [
            len(company._fiscal_documents_without_vat()) if company else 0,
            len(company._fiscal_orders_without_vat()) if company else 0,
        ]
        return (
            _("Documents without VAT are open, and VAT is due from %s.",
              self._day(params.get('at'))),
            _("%(invoices)s draft and unpaid invoices and %(orders)s quotations and orders say no"
              " VAT. What is delivered from that day is sold with VAT: change their prices or"
              " taxes, or let the VAT be in the price. This ends by itself when none is left.",
              invoices=counts[0], orders=counts[1]), False,
        )

    def _texts_change_links(self, params):
        company, day = self._record_as('res.company').sudo(), params.get('at')
        links = company._fiscal_links_beyond(fields.Date.to_date(day)) if company and day else ()
        return (
            _("Payment links are open longer than %s, with the VAT of before.", self._day(day)),
            _("What they print is fixed at the bank, which can't end them: %s. Ask these payers to"
              " pay before that day, or send them a new link from that day on; what is paid by an"
              " old one after all has to be put right in the cabinet of the register. This ends by"
              " itself when none is open.",
              ', '.join(links.mapped('reference')) if links else '–'), False,
        )

    def _texts_change_taxes(self, params):
        company = self._record_as('res.company').sudo()
        taxes = company._fiscal_taxes_without_vat() if company else ()
        return (
            _("Taxes mean nothing in receipts."),
            _("Choose the VAT in receipts of these taxes: %s. What they stand in can't be printed."
              " This ends by itself when each has one.",
              ', '.join(taxes.mapped('name')) if taxes else '–'), False,
        )
