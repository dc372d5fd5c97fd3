"""bin/seed N: fills the desk's own database with N tickets to measure lists and search on.

Rows are written past the verbs, in bulk, as the verbs would have left them: a million tickets
by the verbs would take hours.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from datetime import timedelta
from itertools import batched
from typing import Any

import django

BATCH = 1000
WORDS = (
    *("parcel", "invoice", "refund", "order", "delivery", "address", "number", "late"),
    *("broken", "thanks", "please", "help", "size", "return", "voucher", "account", "login"),
    *("password", "shop", "colour", "blue", "payment", "card", "question", "urgent"),
)
STATUSES = ("open", "open", "pending", "resolved", "resolved", "resolved")


def main(arguments: list[str]) -> None:
    """Seed the database the environment names."""
    parser = argparse.ArgumentParser(prog="bin/seed")
    parser.add_argument("tickets", type=int, metavar="N")
    number = parser.parse_args(arguments).tickets
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    started = time.monotonic()
    seed(number)
    print(f"{number} tickets in {time.monotonic() - started:.1f} s", file=sys.stderr)


def seed(number: int) -> None:
    """Write so many tickets of as many customers, with two or three messages each."""
    from django.db import transaction

    channel = _channel()
    for numbers in batched(range(number), BATCH):
        with transaction.atomic():
            _write(channel, len(numbers))


def _channel() -> Any:
    from channels_app.models import Channel
    from inbox.models import ChannelPolicy, Team

    channel = Channel.objects.filter(name="Seeded mail").first()
    if channel is None:
        channel = Channel.objects.create(
            kind="email", name="Seeded mail", account="seed@desk.example"
        )
        team = Team.objects.get_or_create(name="Seeded team")[0]
        ChannelPolicy.objects.create(channel=channel, team=team)
    return channel


def _write(channel: Any, number: int) -> None:
    """One batch, table by table, because each needs the keys of the one before."""
    from customers.models import Customer
    from inbox.models import ContactPoint, Conversation, Message, Ticket

    dice = random.Random()
    customers = Customer.objects.bulk_create(Customer(name=_name(dice)) for _ in range(number))
    points = ContactPoint.objects.bulk_create(_point(channel, one) for one in customers)
    tickets = Ticket.objects.bulk_create(_ticket(channel, one, dice) for one in customers)
    strands = Conversation.objects.bulk_create(
        Conversation(ticket=ticket, contact_point=point, subject=ticket.subject)
        for ticket, point in zip(tickets, points, strict=True)
    )
    Message.objects.bulk_create(
        _message(channel, strand, position, dice)
        for strand in strands
        for position in range(1, strand.ticket.last_position + 1)
    )


def _name(dice: random.Random) -> str:
    return f"{dice.choice(WORDS).title()} {dice.choice(WORDS).title()}"


def _point(channel: Any, customer: Any) -> Any:
    from inbox.models import ContactPoint

    address = f"seed{customer.pk}@customer.example"
    return ContactPoint(
        channel=channel, customer=customer, address_kind="email", address=address, key=address
    )


def _ticket(channel: Any, customer: Any, dice: random.Random) -> Any:
    from django.utils import timezone

    from inbox.models import Ticket
    from inbox.models.words import searchable

    status, subject = dice.choice(STATUSES), _said(dice, 4)
    at = timezone.now() - timedelta(minutes=dice.randrange(60 * 24 * 365))
    return Ticket(
        customer=customer,
        subject=subject,
        words=searchable(subject, customer.name),
        status=status,
        resolved_at=at if status == "resolved" else None,
        team_id=channel.policy.team_id,
        last_position=dice.choice((2, 3)),
        last_message_at=at,
        last_channel_kind="email",
        preview=_said(dice, 12)[:160],
        needs_reply=status == "open",
        created_at=at,
        updated_at=at,
    )


def _message(channel: Any, strand: Any, position: int, dice: random.Random) -> Any:
    from inbox.models import Message
    from inbox.models.words import searchable

    text, is_ours = _said(dice, 30), position == 2
    return Message(
        ticket=strand.ticket,
        conversation=strand,
        channel=channel,
        position=position,
        direction="outbound" if is_ours else "inbound",
        author_type="agent" if is_ours else "customer",
        status="delivered" if is_ours else "received",
        text=text,
        full_text=text,
        words=searchable(strand.subject, text),
        created_at=strand.ticket.last_message_at,
    )


def _said(dice: random.Random, words: int) -> str:
    return " ".join(dice.choices(WORDS, k=words)).capitalize()
