# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" Texts that the bank limits: the purpose, the order number, an e-mail. """

import hashlib
import re

from .. import const

# Length of the part of an order number that names the database.
_DATABASE_PART = 6
_DIGEST_PART = 8


def cut_purpose(text, limit=const.MAX_PURPOSE):
    """ Shorten a purpose without breaking a word.

    :param str text: The purpose; white space and control characters in it become single spaces.
    :param int limit: The most characters allowed. Source: API, `purpose`.
    :return: The purpose; a single word longer than the limit is cut.
    :rtype: str
    :raise ValueError: If nothing is left to show.
    """
    text = ' '.join(
        ''.join(' ' if not character.isprintable() else character for character in text).split()
    )
    if not text:
        raise ValueError("The purpose of a payment must not be empty.")
    if len(text) <= limit:
        return text
    head = text[:limit - 1]
    if text[limit - 1] != ' ' and ' ' in head:
        head = head[:head.rindex(' ')]
    return head.rstrip(' ,;:-') + '…'


def payment_link_id(reference, database_uuid, attempt=1):
    """ Make the order number under which the bank keeps an operation for ever.

    The same reference, database and attempt give the same number, which makes a repeated request
    harmless; anything else gives another one. The part of the database keeps copies of a database
    and several databases of a company apart.

    :param str reference: The transaction's reference.
    :param str database_uuid: The database's uuid.
    :param int attempt: The number of the attempt, from 1.
    :return: At most 45 characters of A-Z, a-z, 0-9, - and _. The bank documents no character set;
             these are what its other clients get through.
    :rtype: str
    """
    suffix = f'-{_database_part(database_uuid)}' + (f'-{attempt}' if attempt > 1 else '')
    readable = re.sub(r'[^A-Za-z0-9_-]+', '-', reference).strip('-')
    room = const.MAX_PAYMENT_LINK_ID - len(suffix)
    # Only what was changed needs the digest; it must not be possible to write it by hand, hence it
    # also goes to references that look as if they ended in one.
    looks_digested = re.search(r'(^|-)[0-9a-f]{%d}$' % _DIGEST_PART, readable)
    if readable != reference or len(readable) > room or looks_digested:
        digest = hashlib.sha256(reference.encode()).hexdigest()[:_DIGEST_PART]
        readable = readable[:room - _DIGEST_PART - 1].rstrip('-')
        readable = f'{readable}-{digest}' if readable else digest
    return readable + suffix


def belongs_to_database(link_id, database_uuid):
    """ Return whether an order number was made by this database.

    :param str|None link_id: An order number from the bank.
    :param str database_uuid: The database's uuid.
    :rtype: bool
    """
    part = re.escape(_database_part(database_uuid))
    return bool(re.search(rf'-{part}(-\d+)?$', link_id or ''))


def _database_part(database_uuid):
    return hashlib.sha256(database_uuid.encode()).hexdigest()[:_DATABASE_PART]


def is_email(text):
    """ Return whether an e-mail could be that of somebody, and stand on a receipt.

    :param str text: A normalized address.
    :rtype: bool
    """
    return (
        len(text) <= const.MAX_EMAIL and text.isprintable()
        and bool(re.fullmatch(r'[^@\s<>,;"]+@[^@\s<>,;"]+\.[^@\s<>,;".]{2,}', text))
        and text.rpartition('.')[2].lower() not in const.RESERVED_DOMAINS
    )
