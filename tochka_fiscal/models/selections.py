# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" The values of `const` with the words that people know them by, for the fields that offer them.
"""

# What a receipt tells of. The right one takes the place of a wrong one, and a correction tells of
# what no receipt was printed for: both stand for a payment or a closing receipt (`_stands_for`).
ROLE_SELECTION = [
    ('payment', "Payment"),
    ('closing', "Closing of a prepayment"),
    ('return', "Return"),
    ('reversal', "Reversal of a wrong receipt"),
    ('right', "In place of a wrong receipt"),
    ('correction', "Correction receipt"),
    ('test', "Test of the register"),
]

# Tag 1055.
TAXATION_SELECTION = [
    ('osn', "General (OSN)"),
    ('usn_income', "Simplified, income (USN)"),
    ('usn_income_outcome', "Simplified, income less expenses (USN)"),
    ('esn', "Agricultural tax (ESHN)"),
    ('patent', "Patent"),
]

# Tag 1199.
VAT_SELECTION = [
    ('none', "No VAT"),
    ('vat0', "0 %"),
    ('vat5', "5 %"),
    ('vat7', "7 %"),
    ('vat10', "10 %"),
    ('vat20', "20 % (before 2026)"),
    ('vat22', "22 %"),
    ('vat105', "5/105"),
    ('vat107', "7/107"),
    ('vat110', "10/110"),
    ('vat120', "20/120 (before 2026)"),
    ('vat122', "22/122"),
]

# Tag 1214.
METHOD_SELECTION = [
    ('full_prepayment', "Full prepayment"),
    ('prepayment', "Partial prepayment"),
    ('advance', "Advance"),
    ('full_payment', "Full settlement"),
    ('partial_payment', "Partial settlement and credit"),
    ('credit', "Handed over on credit"),
    ('credit_payment', "Payment of a credit"),
]

# What a payment can be. A credit is given without money, so that no payment prints 5 or 6.
OFFERED_METHOD_SELECTION = [
    (name, label) for name, label in METHOD_SELECTION
    if name not in ('partial_payment', 'credit')
]

# Tag 1212.
SUBJECT_SELECTION = [
    ('service', "Service"),
    ('goods', "Goods"),
    ('work', "Work"),
    ('payment', "Payment"),
    ('other', "Other"),
]

# Tag 1222.
AGENT_SELECTION = [
    ('agent', "Agent"),
    ('commissionaire', "Commission agent"),
    ('solicitor', "Attorney"),
    ('payment_agent', "Payment agent"),
    ('payment_subagent', "Payment subagent"),
    ('bank_payment_agent', "Bank payment agent"),
    ('bank_payment_subagent', "Bank payment subagent"),
]
