""" What ATOL Online's answers share: the errors, the time, what the journal may keep.

Source of codes and HTTP statuses: description of the protocol v4, version 5.23 of 09.12.2025,
as transcribed in github.com/ai-iskuzhin/AtolOnlineNet. The texts are ours.
"""

import uuid

from flask import current_app, jsonify, request

from .ffd import MOSCOW
from .shape import plain, read

PREFIX = '/atol/possystem/'

# By code: HTTP status, `status` of the answer where the protocol gives one, text.
ERRORS = {
    0: (400, None, 'Неизвестная ошибка'),
    10: (401, None, 'Неверный токен'),
    11: (401, None, 'Срок действия токена истёк'),
    12: (401, None, 'Неверный логин или пароль'),
    13: (400, None, 'Ошибка проверки запроса'),
    14: (403, None, 'Пользователь заблокирован'),
    20: (401, None, 'Группа касс не соответствует токену'),
    21: (401, None, 'Группа касс не поддерживает эту версию протокола'),
    30: (400, 'fail', 'UUID не найден'),
    31: (400, None, 'Операция не поддерживается'),
    32: (400, 'fail', 'Ошибка проверки чека'),
    33: (400, 'wait', 'Чек с таким external_id уже есть'),
    34: (200, 'wait', 'Чек ещё не обработан'),
    40: (400, None, 'Некорректный запрос'),
    41: (415, None, 'Некорректный Content-Type'),
    50: (500, None, 'Ошибка сервера'),
}
# Of what the till refuses: code -> text, type.
TILL_ERRORS = {
    -1: ('Превышено время ожидания чека в очереди', 'timeout'),
    52: ('Сумма безналичных платежей превышает сумму чека', 'driver'),
    60: ('Неверный вид оплаты', 'driver'),
    66: ('Чек оплачен не полностью', 'driver'),
    128: ('Некорректная сумма налога', 'driver'),
    143: ('Некорректная система налогообложения', 'driver'),
    227: ('Неверный итог чека', 'driver'),
    2009: ('ИНН чека не совпадает с ИНН кассы', 'agent'),
}
HIDDEN = ('client', 'cashier', 'cashier_inn', 'login', 'pass', 'token')


class AtolError(Exception):
    """ ATOL Online refuses.

    :param int code: Its code.
    :param str detail: What is wrong in particular.
    :param str|None document: The uuid to tell.
    """

    def __init__(self, code, detail='', document=None):
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.document = document


def stamp(moment):
    """ Write a moment as ATOL Online does, in Moscow's time. """
    return moment.astimezone(MOSCOW).strftime('%d.%m.%Y %H:%M:%S')


def till_error(code, text=None, kind=None):
    """ Return the error of a document that has failed. """
    known, type_ = TILL_ERRORS.get(code, ('Сбой кассы', 'driver'))
    return {'code': code, 'text': text or known, 'type': kind or type_}


def refusal(now, code, detail='', document=None, status=None):
    """ Return an answer in ATOL Online's error form.

    :param datetime now: The time of the answer.
    :param int|None status: Another HTTP status than the code's.
    """
    http, state, text = ERRORS.get(code, ERRORS[0])
    answer = jsonify({
        **({'uuid': document} if document else {}),
        'timestamp': stamp(now),
        **({'status': state} if state else {}),
        'error': {'error_id': str(uuid.uuid4()), 'code': code, 'type': 'system',
                  'text': f'{text}: {detail}' if detail else text},
    })
    answer.status_code = status or http
    return answer


def refuse_on_command(rule):
    """ Return the refusal that a fault orders: `code` (32), `message`, `status`. """
    return refusal(current_app.config['BANK'].now(), rule.get('code', 32),
                   rule.get('message', 'отказ по команде'), status=rule.get('status'))


def journal_content():
    """ Return what the journal keeps of a request: no token, no password, no customer. """
    try:
        body = _without_people(plain(read(request.get_data())))
    except (ValueError, RecursionError):
        body = None  # no JSON, or too deep
    return {'query': _without_people(request.args.to_dict()), 'body': body}


def _without_people(content):
    if isinstance(content, dict):
        return {name: '***' if name in HIDDEN else _without_people(value)
                for name, value in content.items()}
    if isinstance(content, list):
        return [_without_people(value) for value in content]
    return content
