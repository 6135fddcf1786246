""" The bank's error envelope and the statuses it uses. """

import uuid

from flask import jsonify

# `message` of the envelope by HTTP status, as seen from the bank.
MESSAGES = {
    400: 'Validation Error',
    401: 'Unauthorized',
    403: 'Forbidden',
    404: 'Not Found',
    424: 'Something going wrong',
    500: 'Internal Server Error',
    501: 'Not Implemented',
}
CODES = {
    400: 'HTTPBadRequest',
    401: 'HTTPUnauthorized',
    403: 'HTTPForbidden',
    404: 'HTTPNotFound',
    424: 'FailDependentService',
    500: 'HTTPInternalError',
    501: 'HTTPNotImplemented',
}


class BankError(Exception):
    """ The bank refuses.

    :param int status: The HTTP status.
    :param str|list[str] messages: One entry of `Errors` each.
    """

    def __init__(self, status, messages):
        super().__init__(messages)
        self.status = status
        self.messages = [messages] if isinstance(messages, str) else list(messages)


def envelope(status, messages):
    """ Return an answer in the bank's error form. """
    answer = jsonify({
        'code': str(status),
        'id': str(uuid.uuid4()),
        'message': MESSAGES.get(status, 'Error')[:600],
        'Errors': [
            {
                'errorCode': CODES.get(status, 'HTTPError'),
                'message': message[:603],
                'url': 'http://enter.tochka.com/open-banking/docs/errors',
            }
            for message in messages
        ],
    })
    answer.status_code = status
    return answer
