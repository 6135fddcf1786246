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
