""" ATOL Online, v4 and v5: tokens, documents of a group of tills, reports.

Written from the protocol of v4 and others' models of v5: see README.md for what had to be guessed.
"""

from flask import Blueprint, Response, abort, current_app, jsonify, request

from .atol_check import operation_of, validate
from .atol_protocol import PREFIX, AtolError, refusal, stamp
from .ffd import qr
from .shape import read
from .till import WAITING

blueprint = Blueprint('atol', __name__, url_prefix=f'{PREFIX}<any(v4,v5):version>')
receipts = Blueprint('atol_receipts', __name__, url_prefix='/atol/receipt')
LONGEST_LOGIN = 100


def atol():
    """ Return the register of this application. """
    return current_app.config['ATOL']


@blueprint.errorhandler(AtolError)
def refuse(error):
    """ Answer in ATOL Online's form. """
    return refusal(atol().bank.now(), error.code, error.detail, error.document)


def body():
    """ Return the JSON of the request. :raise AtolError: If it is none. """
    if request.mimetype != 'application/json':
        raise AtolError(41, request.mimetype)
    try:
        return read(request.get_data())
    except ValueError as error:
        raise AtolError(40, str(error)) from error


# === WHO ASKS === #

@blueprint.route('/getToken', methods=['GET', 'POST'])
def get_token(version):
    """ Exchange login and password for a token of a day. """
    values = request.args.to_dict() if request.method == 'GET' else body()
    if not isinstance(values, dict):
        raise AtolError(13, 'login, pass')
    wrong = [name for name in ('login', 'pass') if not _is_short_text(values.get(name))]
    if wrong or not set(values) <= {'login', 'pass', 'source'}:
        raise AtolError(13, ', '.join(wrong or sorted(values)))
    token = atol().issue(version, values['login'], values['pass'])
    return jsonify({'error': None, 'token': token, 'timestamp': stamp(atol().bank.now())})


def _is_short_text(value):
    return isinstance(value, str) and 0 < len(value) <= LONGEST_LOGIN


def account(version, group):
    """ Return who asks.

    :raise AtolError: Unless the token is good, the group is its own and speaks this version.
    """
    token = request.headers.get('Token') or request.args.get('token', '')
    found = atol().account_of(token)
    if found.group != group:
        raise AtolError(20)
    if found.version != version:
        raise AtolError(21)
    return found


# === DOCUMENTS === #

@blueprint.post('/<group>/<operation>')
def register(version, group, operation):
    """ Take a document. """
    owner = account(version, group)
    operation_of(version, operation)
    content = body()
    validate(version, operation, content, atol().settings, atol().bank.now())
    document = atol().register(owner, operation, content)
    return jsonify({'uuid': document.id, 'timestamp': stamp(document.taken_at), 'error': None,
                    'status': 'wait'})


@blueprint.get('/<group>/report/<number>')
def report(version, group, number):
    """ Tell what became of a document. """
    owner = account(version, group)
    if atol().too_often(owner):
        return refusal(atol().bank.now(), 0, 'слишком частые запросы', status=429)
    document = atol().find(owner, number)
    if document.state == WAITING and atol().settings['wait_as_error']:
        raise AtolError(34, document=document.id)
    return jsonify(atol().report(document))


# === THE RECEIPT === #

@receipts.get('')
def receipt():
    """ The electronic receipt, as a text. """
    written = request.query_string.decode()
    entry = next((entry for entry in atol().ledger
                  if qr(entry['fiscal_data'], entry['1054']) == written), None)
    if not entry:
        abort(404)
    lines = ['КАССОВЫЙ ЧЕК (песочница, не имеет силы)',
             *(f'{line["1030"]}: {line["1079"]} × {line["1023"]} = {line["1043"]}'
               for line in entry['lines']), f'ИТОГ {entry["1020"]}', written]
    return Response('\n'.join(lines) + '\n', content_type='text/plain; charset=utf-8')
