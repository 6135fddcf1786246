""" What every service shares: the key, permissions, the body, the form of answers. """

import urllib.parse

from flask import current_app, jsonify, request

from .errors import BankError


def using(permission):
    """ Return the client of the request's key or access token.

    :param str|None permission: What it must allow.
    :rtype: dict
    :raise BankError: If the key is unknown or does not allow it.
    """
    bank = current_app.config['BANK']
    scheme, _space, token = request.headers.get('Authorization', '').partition(' ')
    client = None
    if scheme == 'Bearer' and token:
        client_id = bank.find_client(token)
        client = bank.clients[client_id] if client_id else bank.oauth.grant_of(token)
    if not client:
        raise BankError(403, 'Invalid token')
    if permission and permission not in client['permissions']:
        raise BankError(403, 'Missing permission')
    return client


def query(name):
    """ Return a mandatory parameter of the query. :raise BankError: If it is left out. """
    value = request.args.get(name)
    if not value:
        raise BankError(400, f'{name}: field required')
    return value


def json_body():
    """ Return the body as an object, checked against the bank's OpenAPI file.

    :raise BankError: If it is something else.
    """
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise BankError(400, 'body: value is not a valid dict')
    current_app.config['SCHEMA'].check_body(
        request.method, request.path.removeprefix('/uapi/'), body
    )
    return body


def body_data():
    """ Return `Data` of the body. :raise BankError: If there is none. """
    data = json_body().get('Data')
    if not isinstance(data, dict):
        raise BankError(400, 'Data: field required')
    return data


def respond(data, pages=1, links=None):
    """ Answer in the bank's form. """
    return jsonify({
        'Data': data,
        'Links': {'self': request.url, **(links or {})},
        'Meta': {'totalPages': pages},
    })


def paged(name, entries, describe):
    """ Answer with one page of a list.

    :param str name: The list's name in `Data`.
    :param list entries: All entries.
    :param describe: Turns an entry into its description.
    :raise BankError: If page or size are no numbers.
    """
    try:
        page = int(request.args.get('page', 1))
        size = int(request.args.get('perPage', 1000))
        if page < 1 or not 1 <= size <= 1000:
            raise ValueError
    except ValueError as error:
        raise BankError(400, 'page, perPage: value is not a valid integer') from error
    pages = max(1, -(-len(entries) // size))
    chosen = entries[(page - 1) * size:page * size]

    def link(number):
        parameters = {**request.args.to_dict(), 'page': number, 'perPage': size}
        return f'{request.base_url}?{urllib.parse.urlencode(parameters)}'

    links = {'first': link(1), 'last': link(pages)}
    if page > 1:
        links['prev'] = link(page - 1)
    if page < pages:
        links['next'] = link(page + 1)
    return respond({name: [describe(entry) for entry in chosen]}, pages, links)
