""" What PayKeeper's answers share: the refusal, the form of JSON, what the journal may keep. """

import json

from flask import Response, request

ROOT = '/paykeeper'
PREFIXES = (f'{ROOT}/info/', f'{ROOT}/change/')
WRONG_TOKEN = 'Токен безопасности не верен.'
HIDDEN = ('contact', 'receipt_properties', 'token')


class PaykeeperError(Exception):
    """ PayKeeper refuses: HTTP 200, and the text. """


def answer(content, as_html=False):
    """ Return an answer: JSON in ASCII, as PHP writes it.

    :param bool as_html: Whether it is declared as a page.
    """
    return Response(json.dumps(content),
                    mimetype='text/html' if as_html else 'application/json')


def refusal(message, as_html=False):
    """ Return an answer in PayKeeper's error form. """
    return answer({'result': 'fail', 'msg': message}, as_html)


def refuse_on_command(rule):
    """ Return the refusal that a fault orders: `message`, `status` (200). """
    refused = refusal(rule.get('message', 'Отказ по команде'))
    refused.status_code = rule.get('status', 200)
    return refused


def journal_content():
    """ Return what the journal keeps of a request: no token, no customer. """
    return {'query': _hidden(request.args), 'body': _hidden(request.form)}


def _hidden(values):
    return {name: '***' if name in HIDDEN else value for name, value in values.items()}
