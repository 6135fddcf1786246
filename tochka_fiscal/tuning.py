# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" Our own numbers: limits, delays and sizes that neither the law nor a service prescribes. """

# === JOBS === #

LANES = 2  # identical jobs that work side by side
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

# === THE QUEUE === #

# Seconds to wait for a register that does not answer, or has not printed yet; the last one repeats
# without end.
RETRY_SECONDS = (5, 15, 30, 60, 120, 300, 600, 900)
# Seconds: a register that asks to be left alone for longer is called anyway.
MAX_BUSY_SECONDS = 3600
WAKE_TRIES = 3  # how often in vain is still put down to the register
# How often a receipt that the register let expire is sent anew without asking a person.
MAX_EXPIRED = 5
CALLBACK_MINUTES = 30  # how long a result is awaited that can't be asked for
WATCHED_DAYS = 14  # how long a register is asked about what a person has closed
MAX_CALLBACK_SIZE = 64 * 1024  # bytes

# === WHAT PEOPLE SEE === #

MISSED_DAYS = 30  # how far back settlements without a receipt are looked for at first
MAX_TEST_AMOUNT = 10  # roubles of a receipt that tests a register
CERTIFICATE_WARNING_DAYS = (30, 7, 1)  # before the end of a certificate
NAMED_IN_WARNINGS = 5  # records that a warning names
