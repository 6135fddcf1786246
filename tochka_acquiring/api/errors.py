# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" What can become of a call to the bank: it is done, or one of these.

The difference that money depends on is whether the bank may have done the work.
"""

import re

_DUPLICATE = re.compile(
    # The bank says «заказ с номером … существует» (recorded in October 2026).
    r'already\s+exist|already\s+used|duplicate|not\s+unique|существует|уже\s+(использ|есть|создан)',
    re.IGNORECASE,
)
_NOT_FOUND = re.compile(
    r'not\s+found|does(\s+not|n.t)\s+exist|не\s+(найден|существует)', re.IGNORECASE)
# What the bank answers to a used order number: 424; the others are likely for it.
_DUPLICATE_STATUSES = (400, 409, 424)
# A gateway's words for a service that does not answer it.
_SILENT_STATUSES = (408, 429, 502, 503, 504)


def _lt(text):
    """ Mark a text for translation. Odoo exports it; whoever shows the error translates it.

    :rtype: str
    """
    return text


class TochkaError(Exception):
    """ The call did not bring what was asked for.

    :param str message: What happened, without secrets and personal data.
    :param int|None http_status: The HTTP status of the answer, if there was one.
    :param str|None error_code: The code of the envelope's first error.
    :param str|None audit_id: The envelope's `id`, which the bank's support asks for.
    :param list[dict] errors: The envelope's entries, each with `errorCode` and `message`.
    """

    def __init__(self, message, *, http_status=None, error_code=None, audit_id=None, errors=()):
        super().__init__(message)
        self.message = message
        self.http_status = http_status
        self.error_code = error_code
        self.audit_id = audit_id
        self.errors = list(errors)

    def __str__(self):
        return self.describe(self.message)

    def describe(self, message):
        """ Return a message with what the bank's support asks for.

        :param str message: `message` or its translation.
        :rtype: str
        """
        details = [
            f'HTTP {self.http_status}' if self.http_status else '',
            f'code {self.error_code}' if self.error_code else '',
            f'audit id {self.audit_id}' if self.audit_id else '',
        ]
        details = ', '.join(filter(None, details))
        return f'{message} ({details})' if details else message


class Rejected(TochkaError):
    """ The bank said no: surely not done. """

    @property
    def is_duplicate(self):
        """ Whether the bank says that the order number is already used.

        It answers 424, whose text alone tells it from other business failures.

        :rtype: bool
        """
        texts = self._texts()
        return self.may_be_duplicate and bool(
            _DUPLICATE.search(texts) and not _NOT_FOUND.search(texts))

    @property
    def may_be_duplicate(self):
        """ Whether the order number may be already used, whatever the bank's words are.

        :rtype: bool
        """
        return self.http_status in _DUPLICATE_STATUSES

    @property
    def is_not_found(self):
        """ Whether the object is unknown to the bank: 404, or 424 for an operation.

        :rtype: bool
        """
        return self.http_status == 404 or (
            self.http_status == 424 and bool(_NOT_FOUND.search(self._texts()))
        )

    def _texts(self):
        return ' '.join([self.message, *(str(entry.get('message', '')) for entry in self.errors)])


class Unauthorized(TochkaError):
    """ The key, a permission, the customer code or the shop does not fit: surely not done. """


class NotSent(TochkaError):
    """ The request did not reach the bank: surely not done. """


class Busy(NotSent):
    """ Another process is doing what has to come first: surely not done. """


class Unprepared(NotSent):
    """ What is needed for a request is wrong here, with us: surely not done. """


class NoTimeLeft(NotSent):
    """ Earlier calls have used up the time of all: surely not done. """


class TlsError(NotSent):
    """ The bank's certificate is not trusted: surely not done. """


class OutcomeUnknown(TochkaError):
    """ The request was sent and the answer is missing or senseless: maybe done. """


class Unreadable(OutcomeUnknown):
    """ The bank has answered, and the answer is senseless: maybe done. """


def is_silence(error):
    """ Return whether the bank did not answer: asking it again at once would only take time.

    :param Exception|None error: What became of a call.
    :rtype: bool
    """
    if isinstance(error, (TlsError, Unprepared, NoTimeLeft, Busy, Unreadable)):
        return False  # It was not even asked, or has said something: time mends nothing.
    return isinstance(error, (NotSent, OutcomeUnknown)) and (
        error.http_status is None or error.http_status in _SILENT_STATUSES)
