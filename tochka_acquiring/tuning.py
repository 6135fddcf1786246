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
