# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import api, fields, models

# Values of `const.MEASURES` as text.
MEASURE_SELECTION = [
    ('0', "Piece or unit"),
    ('10', "Gram"),
    ('11', "Kilogram"),
    ('12', "Tonne"),
    ('20', "Centimetre"),
    ('21', "Decimetre"),
    ('22', "Metre"),
    ('30', "Square centimetre"),
    ('31', "Square decimetre"),
    ('32', "Square metre"),
    ('40', "Millilitre"),
    ('41', "Litre"),
    ('42', "Cubic metre"),
    ('50', "Kilowatt-hour"),
    ('51', "Gigacalorie"),
    ('70', "Day"),
    ('71', "Hour"),
    ('72', "Minute"),
    ('73', "Second"),
    ('80', "Kilobyte"),
    ('81', "Megabyte"),
    ('82', "Gigabyte"),
    ('83', "Terabyte"),
    ('255', "Another measure"),
]

# External id of a unit of Odoo -> value of `const.MEASURES`.
KNOWN_MEASURES = {
    'uom.product_uom_unit': 0,
    'uom.product_uom_gram': 10,
    'uom.product_uom_kgm': 11,
    'uom.product_uom_ton': 12,
    'uom.product_uom_cm': 20,
    'uom.product_uom_meter': 22,
    'uom.product_uom_square_meter': 32,
    'uom.product_uom_milliliter': 40,
    'uom.product_uom_litre': 41,
    'uom.product_uom_cubic_meter': 42,
    'uom.product_uom_kwh': 50,
    'uom.product_uom_day': 70,
    'uom.product_uom_hour': 71,
    'uom.product_uom_minute': 72,
}


class UomUom(models.Model):
    """ How a receipt calls a unit of measure. """

    _inherit = 'uom.uom'

    fiscal_measure = fields.Selection(
        string="Measure in receipts",
        help="Tag 2108 of a receipt's line in this unit.",
        selection=MEASURE_SELECTION,
        compute='_compute_fiscal_measure', store=True, readonly=False)

    # === COMPUTE METHODS === #

    @api.depends('relative_uom_id')
    def _compute_fiscal_measure(self):
        """ Guess the measure: packs and dozens are pieces as well, what is unknown is another. """
        pieces = self.env.ref('uom.product_uom_unit', raise_if_not_found=False)
        external_ids = self._get_external_ids()
        for uom in self:
            if uom.id and uom.fiscal_measure:
                continue  # An accountant's choice outlives a new reference unit.
            root = uom
            while root.relative_uom_id:
                root = root.relative_uom_id
            known = [KNOWN_MEASURES[name] for name in external_ids[uom.id]
                     if name in KNOWN_MEASURES]
            if known:
                measure = known[0]
            else:
                measure = 0 if pieces and root._origin == pieces else 255
            uom.fiscal_measure = str(measure)
