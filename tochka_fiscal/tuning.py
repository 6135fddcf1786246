# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" Our own numbers: limits, delays and sizes that neither the law nor a service prescribes. """

# === JOBS === #

# Receipts of each register that a lane takes at once.
LANE_BATCH = 200
# A prepayment that was looked at longer ago than this (minutes) is looked at once more.
CLOSING_MINUTES = 14
# Seconds to connect to a register and to wait for its answer. All of them queue what they take, and
# answer at once; a job that waits holds a worker of Odoo, and with it mails and all other jobs.
REGISTER_TIMEOUT = (3, 10)
