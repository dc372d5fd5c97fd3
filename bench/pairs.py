"""Two threads do the same thing at the same moment: `python -m bench.pairs N` in a desk's
environment; prints how many tickets, customers and messages came of it.

Each pair is one new customer whose first two messages arrive at once, and later, when the ticket
is long resolved, two more. There is no door and no journal before them, so that nothing but the
rows themselves keeps them apart.
"""

from __future__ import annotations

import json
import sys
import threading
from datetime import timedelta

import django
from django.utils import timezone

WORKERS = 2


def main(pairs: int) -> None:
    """Let the pairs run and count."""
    django.setup()
    from channels_app.models import Channel
    from customers.models import Customer
    from inbox.models import Message, Ticket

    channel = Channel.objects.select_related("policy").get(kind="sms")
    errors: list[str] = []
    for first in (0, WORKERS):
        _all_say(channel, pairs, first, errors)
        long_ago = timezone.now() - timedelta(days=30)
        Ticket.objects.update(status="resolved", resolved_at=long_ago)
    rows = {model.__name__: model.objects.count() for model in (Ticket, Customer, Message)}
    print(json.dumps(rows | {"errors": errors}))


def _all_say(channel, pairs: int, first: int, errors: list[str]) -> None:
    barrier = threading.Barrier(WORKERS)
    threads = [
        threading.Thread(target=_say, args=(channel, pairs, who, barrier, errors))
        for who in range(first, first + WORKERS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _say(channel, pairs: int, who: int, barrier: threading.Barrier, errors: list[str]) -> None:
    from django.db import connection

    from inbox import intake

    for number in range(pairs):
        barrier.wait(60)
        try:
            intake.receive(channel, _hello(channel, number, who))
        except Exception as error:  # noqa: BLE001 (counted, and the other of the pair goes on)
            errors.append(repr(error))
    connection.close()


def _hello(channel, number: int, who: int):
    from channels_app.messages import Address, InboundMessage

    key = f"SM{number:030d}{who}"
    return InboundMessage(
        account=channel.account,
        dedupe_key=key,
        external_id=key,
        sender=(Address("phone", f"+4477009{number:05}"),),
        text=f"hello from {who}",
        sent_at=timezone.now(),
        authentication="pass",
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
