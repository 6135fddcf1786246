# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" Our own numbers: limits, delays and sizes that no document of the bank prescribes. """

# === INBOX === #

# Jobs that work on the inbox side by side; each is a record `cron_process_events…`.
EVENT_LANES = ('cron_process_events', 'cron_process_events_2')
# Notifications that one lane takes at once, and operations that it reads from the bank at a time.
EVENT_BATCH = 20
EVENT_READERS = 4
# How long a batch belongs to the lane that has taken it. A lane that was killed leaves its batch,
# which is due again after this time; a living one needs a fraction of it.
EVENT_LEASE_SECONDS = 180

# === CONNECTIONS === #

# TLS contexts that a process keeps, one for each set of authorities and client certificate. Each
# holds about 150 certificates.
KEPT_CONTEXTS = 16
# Connections that a thread keeps for its next read, and for how long. Servers close an idle one
# after a minute or so.
KEPT_CONNECTIONS = 4
KEPT_CONNECTION_SECONDS = 20
# A page of 1000 operations has 2 MB.
MAX_ANSWER_BYTES = 32 * 1024 * 1024

# === JOBS === #

# How long one run of a job may last. Odoo gives a job ten seconds, and kills a worker whose round
# through all jobs that are due takes 120 s, or 60 s of the processor: several of ours must fit in.
# A run that leaves work wakes its job at once, when the others have had their turn.
JOB_SECONDS = 6
# Seconds of the processor that the jobs leave to the rest of the worker's round.
JOB_CPU_RESERVE = 15
# Records that a job takes at once.
JOB_BATCH = 200
# A walk through all records that was broken off longer ago than this begins anew.
JOB_GOES_ON_MINUTES = 10
# How long the poll stands back for a sweep of the same legal entity.
STAND_BACK_MINUTES = 10
# A legal entity that was compared longer ago than this is due for a sweep.
SWEEP_HOURS = 20
# A sweep that was broken off longer ago than this begins anew.
SWEEP_STALE_HOURS = 6

# === A SILENT BANK === #

# How long a connection is left alone whose bank does not answer; the last one repeats without end.
SILENCE_SECONDS = (5, 15, 30, 60, 120, 300, 600, 900)
# While one process tries whether the bank answers again, the others wait for at most so long.
SILENCE_TRIAL_SECONDS = 60
# From so many times in vain on people are told of it.
SILENCES_SHOWN = 3
# After so long a person is asked to look.
SILENCE_MINUTES = 60

# How long all calls to the bank together may take that one request of a browser makes, a payer's
# above all, and those of a job that looks after one connection.
REQUEST_BANK_SECONDS = 30
JOB_BANK_SECONDS = 30

# === WHAT MAY BE BEGUN FROM OUTSIDE === #

# Payments of one payer without a document that may be open at once of those begun within a day. An
# open link is handed out again for the same amount, so that people need one or two.
LINKS_OF_PAYER = 20
# No page of Odoo asks for more; the bank takes less.
MAX_AMOUNT = 10 ** 10

# === BOOKS === #

# Payments that are posted together and committed at once. A customer who looks at the status page
# meanwhile waits for his batch.
POSTING_BATCH = 50
# When a payment that could not be booked is tried again.
POSTING_RETRY_MINUTES = 10

# === LINKS === #

# Operations of one document, its order and the order's invoices that may be open at a time: some
# ways to pay, some amounts. Each of them is asked for before one more is created.
MAX_OPEN_LINKS = 8
