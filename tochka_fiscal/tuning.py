# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" Our own numbers: limits, delays and sizes that neither the law nor a service prescribes. """

# === JOBS === #

# Receipts of each register that a lane takes at once.
LANE_BATCH = 200
# Days for which an order that was closed, and has no invoice, is watched for being cancelled.
CLOSING_ORDER_DAYS = 90
# Prepayments at which the job that closes them looks at once.
CLOSING_BATCH = 200
# Minutes that a transaction may take from its first write to its commit, and still be seen by that
# job at once; what took longer is seen within a day.
CLOSING_MARGIN_MINUTES = 10
# Seconds to connect to a register and to wait for its answer. All of them queue what they take, and
# answer at once; a job that waits holds a worker of Odoo, and with it mails and all other jobs.
REGISTER_TIMEOUT = (3, 10)
