"""Who is at which ticket right now, and who is typing.

It is kept in the broker with an end to it and in no row: without a broker nobody is shown.
Screens are told ids; only those that show the ticket and may see it are.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import redis
from django.conf import settings

from inbox import live
from inbox.models import Conversation, Ticket

logger = logging.getLogger(__name__)

SECONDS_HERE = 60
type Doing = Literal["viewing", "replying"]
type Here = dict[int, Doing]


@dataclass(frozen=True, slots=True)
class Tab:
    """One browser tab of an agent; an agent may have several at one ticket."""

    agent: int
    key: str


def arrive(ticket: Ticket, tab: Tab, *, doing: Doing) -> None:
    """The tab shows this ticket for the next 60 s; whoever stays says so again in time."""
    other: Doing = "viewing" if doing == "replying" else "replying"
    _change(ticket, tab, gone=(other,), here=doing)


def leave(ticket: Ticket, tab: Tab) -> None:
    """The tab shows this ticket no more. Only those are told who may see it by now."""
    now = Ticket.objects.select_related("team").filter(pk=ticket.pk).first()
    _change(now or ticket, tab, gone=("viewing", "replying"), here=None)


def present(numbers: Iterable[int]) -> dict[int, Here]:
    """Who is at these tickets, by agent: replying in one tab outweighs viewing in another."""
    wanted, now = list(numbers), time.time()
    pipe = live.broker().pipeline(transaction=False)
    for number in wanted:
        pipe.zrangebyscore(_key(number), now, "+inf")
    try:
        return dict(zip(wanted, map(_by_agent, pipe.execute()), strict=True))
    except redis.RedisError:
        logger.warning("presence_unknown")
        return {}


def poke(ticket: int, here: Here) -> dict[str, Any]:
    """What a screen is told of who is there."""
    return {"type": "presence", "ticket": ticket, "here": sorted(here.items())}


def typing(ticket: Ticket, *, agent: int | None) -> None:
    """An agent types at this ticket, or (None) its customer does: true for the next 5 s."""
    said = {"type": "typing", "ticket": ticket.pk, "agent": agent}
    live.whisper(ticket.audience, said, ticket=ticket.pk)


def answering(strand: Conversation, *, name: str) -> None:
    """Let the visitor at the other end of a web chat know that somebody types an answer."""
    point = strand.contact_point
    if point.address_kind in ("visitor", "external"):
        group = live.visitor_group(point.channel_id, point.address_kind, point.key)
        live.whisper([group], {"type": "typing", "name": name})


def _change(ticket: Ticket, tab: Tab, *, gone: tuple[Doing, ...], here: Doing | None) -> None:
    key, now = _key(ticket.pk), time.time()
    pipe = live.broker().pipeline()
    pipe.zrem(key, *(_member(tab, doing) for doing in gone))
    pipe.zremrangebyscore(key, "-inf", now)
    if here is not None:
        pipe.zadd(key, {_member(tab, here): now + SECONDS_HERE})
        pipe.expire(key, SECONDS_HERE)
    pipe.zrange(key, 0, -1)
    try:
        everybody = _by_agent(pipe.execute()[-1])
    except redis.RedisError:
        logger.warning("presence_unknown")
        return
    live.whisper(ticket.audience, poke(ticket.pk, everybody), ticket=ticket.pk)


def _key(number: int) -> str:
    return f"{settings.REDIS_PREFIX}:present:{number}"


def _member(tab: Tab, doing: Doing) -> str:
    return f"{tab.agent}:{tab.key}:{doing}"


def _by_agent(members: list[bytes]) -> Here:
    here: Here = {}
    for member in members:
        agent, _, doing = member.decode().split(":")
        if here.get(int(agent)) != "replying":
            here[int(agent)] = "replying" if doing == "replying" else "viewing"
    return here
