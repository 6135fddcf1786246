# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" What the bank's JWT key tells of itself. Nothing here trusts it: the bank checks it. """

from datetime import datetime, timezone

import jwt

from .errors import _lt


def read_key(token):
    """ Read the client id and the expiry out of a JWT key, without verifying it.

    The claim `iss` is the client id that the internet bank shows beside the key; it is needed to
    register webhooks.

    :param str token: The key as copied from the internet bank.
    :return: The client id and the moment (aware) when the key ends; None for what it does not say.
    :rtype: tuple[str|None, datetime|None]
    :raise ValueError: If it is no JWT, saying what to do.
    """
    try:
        claims = jwt.decode(token.strip(), options={'verify_signature': False})
    except jwt.PyJWTError as error:
        raise ValueError(_lt(
            "This is not a JWT key: it must consist of three parts with dots between them. Copy the"
            " whole key from the internet bank."
        )) from error
    issuer = claims.get('iss')
    try:
        expires_at = datetime.fromtimestamp(int(claims['exp']), tz=timezone.utc)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        expires_at = None
    return (str(issuer) if issuer else None), expires_at
