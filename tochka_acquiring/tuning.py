# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" Our own numbers: limits, delays and sizes that no document of the bank prescribes. """

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
