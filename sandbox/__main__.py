""" `python -m sandbox`: the bank in a box on the loopback interface, until it is stopped. """

import argparse
import signal
import sys

from .server import start


def main():
    """ Serve until Ctrl-C or SIGTERM. """
    parser = argparse.ArgumentParser(prog='sandbox', description=__doc__)
    parser.add_argument('--host', default='127.0.0.1')
    parser.add_argument('--port', type=int, default=0, help="0 for a free one")
    parser.add_argument('--openapi', help="the bank's OpenAPI file, to validate requests against")
    parser.add_argument('--tls-ca', help="serve by https; write the CA's certificate to this file")
    parser.add_argument('--orangedata-port', type=int, default=0,
                        help="of OrangeData's API; 0 for a free one, served from its first use on")
    parser.add_argument('--webhook-interval', type=float, default=10.0,
                        help="seconds between attempts to deliver a webhook")
    options = parser.parse_args()
    sandbox = start(
        options.port, host=options.host, openapi=options.openapi, tls_ca=options.tls_ca,
        webhook_interval=options.webhook_interval, orangedata_port=options.orangedata_port,
    )
    print(f'sandbox: {sandbox.url}', flush=True)
    if options.orangedata_port:
        print(f'sandbox: {sandbox.orangedata_url}', flush=True)
    signal.signal(signal.SIGTERM, lambda *_args: sys.exit(0))
    try:
        sandbox.join()
    except KeyboardInterrupt:
        print('sandbox: stopped')


if __name__ == '__main__':
    main()
