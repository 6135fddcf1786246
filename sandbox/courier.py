""" The delivery of webhooks until somebody answers 200. """

import itertools
import threading
import uuid

import jwt
import requests

MAX_ATTEMPTS = 30
MAX_LANES = 16


class Delivery:
    """ One webhook on its way to one address. """

    _ids = itertools.count(1)

    def __init__(self, client_id, url, body, claims, now):
        self.id = next(self._ids)
        self.client_id = client_id
        self.url = url
        self.body = body
        self.claims = claims
        self.attempts = []
        self.next_at = now
        self.done = False

    def describe(self):
        """ Describe it for the control API. """
        return {
            'id': self.id, 'client_id': self.client_id, 'url': self.url, 'body': self.body,
            'claims': self.claims, 'attempts': self.attempts, 'done': self.done,
        }


class Courier:
    """ Delivers webhooks in the background: to each address one after another, or all at once.

    :param Bank bank: Whose webhooks they are.
    :param float interval: Seconds between attempts; the bank's are 10.
    """

    def __init__(self, bank, interval=10.0):
        self.bank = bank
        self.interval = interval
        self.deliveries = []
        self.paused = False
        self.dropping = False
        self.parallel = False
        self._timers = bank.timers
        self._busy = set()
        self._lock = threading.Lock()
        bank.listeners.append(self.announce)

    def stop(self):
        """ Stop delivering. """
        self.clear()

    def sign(self, claims, key=None):
        """ Make the body of a webhook.

        :param dict claims: The content.
        :param key: Another private key, for forgeries.
        :rtype: str
        """
        return jwt.encode(claims, key or self.bank.webhook_key, algorithm='RS256',
                          headers={'typ': 'JWT'})

    def announce(self, operation):
        """ Tell all subscribers of a successful payment; nothing else is ever told. """
        if operation.status not in ('APPROVED', 'AUTHORIZED') or self.dropping:
            return
        for client_id, client in self.bank.clients.items():
            webhook = client['webhook']
            codes = client['customer_codes']
            if (
                webhook
                and 'acquiringInternetPayment' in webhook['webhooksList']
                and (codes is None or operation.request['customerCode'] in codes)
            ):
                claims = payment_claims(operation)
                self.send(client_id, webhook['url'], claims)

    def send(self, client_id, url, claims, body=None):
        """ Queue a webhook. """
        delivery = Delivery(client_id, url, body or self.sign(claims), claims, self._timers.now())
        with self._lock:
            self.deliveries.append(delivery)
        self._start()
        return delivery

    def again(self, delivery, copies=1):
        """ Queue the same body again. """
        for _count in range(copies):
            self.send(delivery.client_id, delivery.url, delivery.claims, delivery.body)

    def pause(self, paused):
        """ Hold or release all deliveries. """
        self.paused = paused
        self._start()

    def reorder(self):
        """ Turn the waiting deliveries round. """
        with self._lock:
            waiting = [d for d in self.deliveries if not d.done]
            self.deliveries = [d for d in self.deliveries if d.done] + waiting[::-1]

    def clear(self):
        """ Forget everything. """
        with self._lock:
            self.deliveries = []
            self.paused = self.dropping = self.parallel = False

    def _lane(self, delivery):
        """ What shares a lane is delivered one after another; lanes do not wait for each other. """
        return delivery.id if self.parallel else delivery.url

    def _start(self):
        """ Begin with what is due and has a free lane. """
        with self._lock:
            if self.paused:
                return
            now, lanes = self._timers.now(), {}
            for delivery in self.deliveries:
                lane = self._lane(delivery)
                if delivery.done or delivery.next_at > now or lane in self._busy:
                    continue
                if lane in lanes or len(self._busy) + len(lanes) < MAX_LANES:
                    lanes.setdefault(lane, []).append(delivery)
            self._busy.update(lanes)
        for lane, deliveries in lanes.items():
            self._timers.after(0, self._deliver, lane, deliveries)

    def _deliver(self, lane, deliveries):
        try:
            for delivery in deliveries:
                if self.paused:
                    break
                if delivery not in self.deliveries:
                    continue  # Forgotten meanwhile.
                delivery.attempts.append(post(delivery.url, delivery.body))
                delivery.done = delivery.attempts[-1] == 200 or (
                    len(delivery.attempts) >= MAX_ATTEMPTS
                )
                if not delivery.done:
                    delivery.next_at = self._timers.now() + self.interval
                    self._timers.after(self.interval, self._start)
        finally:
            with self._lock:
                self._busy.discard(lane)
            self._start()


def post(url, body, timeout=20):
    """ Post a webhook once. :return: The status, or the name of what went wrong. """
    try:
        return requests.post(
            url, data=body.encode(), headers={'Content-Type': 'text/plain'}, timeout=timeout,
            allow_redirects=False,
        ).status_code
    except requests.RequestException as error:
        return type(error).__name__


def payment_claims(operation):
    """ Return the content of a payment's webhook; it differs by the way that was paid. """
    claims = {
        'customerCode': operation.request['customerCode'],
        'amount': f'{operation.amount:.2f}',
        'paymentType': operation.payment_type,
        'operationId': operation.operation_id,
        'purpose': operation.request['purpose'],
        'webhookType': 'acquiringInternetPayment',
        'merchantId': operation.merchant_id,
        'status': operation.status,
        'paymentLinkId': operation.payment_link_id,
    }
    if operation.payment_type in ('card', 'tinkoff'):
        claims['consumerId'] = operation.request.get('consumerId') or str(uuid.uuid4())
    elif operation.payment_type == 'sbp':
        claims |= {
            'transactionId': operation.transaction_id,
            'qrcId': 'AD10006M8KH234M65G2VZ8L9Q1R4XK77',
            'payerName': 'Василий Васильевич В.',
        }
    return claims
