""" What OrangeData's answers share: the refusal, what the journal may keep. """

from flask import jsonify, request

from .shape import plain, read

PREFIX = '/api/v2'
BEHIND_THE_GATE = 'sandbox.orangedata'  # in the environment of what came with a certificate
WRONG_SIGNATURE = 'Подпись не прошла проверку'
HIDDEN = ('customerContact', 'customer', 'customerINN', 'customerInfo', 'cashier', 'cashierINN',
          'callbackApiKey')


class OrangedataError(Exception):
    """ OrangeData refuses with HTTP 400.

    :param list errors: Texts in Russian.
    """

    def __init__(self, *errors):
        super().__init__('; '.join(errors))
        self.errors = errors


def refusal(errors, status=400):
    """ Return an answer in OrangeData's error form. """
    answer = jsonify({'errors': list(errors)})
    answer.status_code = status
    return answer


def refuse_on_command(rule):
    """ Return the refusal that a fault orders: `message`, `status` (400). """
    return refusal([rule.get('message', 'Отказ по команде')], rule.get('status', 400))


def journal_content():
    """ Return what the journal keeps of a request: no customer, no key. """
    try:
        body = _without_people(plain(read(request.get_data())))
    except (ValueError, RecursionError):
        body = None  # no JSON, or too deep
    return {'query': request.args.to_dict(), 'body': body}


def _without_people(content):
    if isinstance(content, dict):
        return {name: '***' if name in HIDDEN else _without_people(value)
                for name, value in content.items()}
    if isinstance(content, list):
        return [_without_people(value) for value in content]
    return content
