""" OrangeData's API v2: documents, corrections, checks of marks, their states, the groups of tills.

Written from the protocol 2.31.3 (orangedata-official/API): see README.md for what had to be
guessed. It is reached by its own port only, with a client certificate.
"""

from flask import Blueprint, Response, abort, current_app, jsonify, request

from .orangedata_check import problems, validate
from .orangedata_protocol import BEHIND_THE_GATE, PREFIX, OrangedataError, refusal
from .orangedata_shapes import CREDENTIALS
from .orangedata_words import GROUPS, INN
from .shape import read

blueprint = Blueprint('orangedata', __name__, url_prefix=PREFIX)
KINDS = '<any(documents,corrections,correction12,itemcode):kind>'


def orangedata():
    """ Return the register of this application. """
    return current_app.config['ORANGEDATA']


@blueprint.errorhandler(OrangedataError)
def refuse(error):
    """ Answer in OrangeData's form. """
    return refusal(error.errors)


@blueprint.before_request
def admit():
    """ Nobody comes in by another port, nor with a certificate that is not accepted. """
    if not request.environ.get(BEHIND_THE_GATE):
        abort(404)
    certificate = orangedata().settings['certificate']
    if certificate == 'refused':
        return Response('', 401)
    if certificate == 'page':
        return Response('<html><h1>400 Bad Request</h1>The SSL certificate error</html>', 400,
                        mimetype='text/html')
    return None


def signed_body():
    """ Return the JSON of the request. :raise OrangedataError: If it is none, or not signed. """
    try:
        content = read(request.get_data())
    except ValueError as error:
        raise OrangedataError('Тело запроса не является JSON') from error
    orangedata().authenticate(content, request.get_data(), request.headers.get('X-Signature', ''))
    return content


@blueprint.get('/')
def availability():
    """ Tell that the service is there. """
    return Response('', 200)


@blueprint.post('/check/')
def check():
    """ Try the credentials. """
    wrong = problems(CREDENTIALS, signed := signed_body())
    if wrong or signed['group'] not in GROUPS:
        raise OrangedataError(*(wrong or ('group: группа не найдена',)))
    return Response('', 200)


# === DOCUMENTS === #

@blueprint.post(f'/{KINDS}/')
def register(kind):
    """ Take a document. """
    content = signed_body()
    validate(kind, content, orangedata().settings, orangedata().bank.now())
    try:
        document = orangedata().register(kind, content)
    except OverflowError:
        refused = refusal(['Очередь документов переполнена'], 503)
        refused.headers['Retry-After'] = str(orangedata().settings['retry_after'])
        return refused
    return Response('', 201 if document else 409)


@blueprint.get(f'/{KINDS}/<inn>/status/<number>')
def status(kind, inn, number):
    """ Tell what became of a document. """
    register = orangedata()
    with register.lock:
        code, content = register.status(register.find(kind, inn, number))
    if content is None:
        return Response('', code)
    answer = jsonify(content)
    answer.status_code = code
    return answer


@blueprint.get('/devices/status/<inn>/<group>')
def devices(inn, group):
    """ Tell how a group is; the protocol's form was not readable. """
    register = orangedata()
    if inn != INN:
        raise OrangedataError('Организация не найдена')
    if group not in GROUPS:
        raise OrangedataError('Группа не найдена')
    with register.lock:
        waiting = [document for document in register.waiting()
                   if document.meaning['group'] == group]
        return jsonify({'group': group, 'devices': 1, 'queue': len(waiting)})
