"""Who sits at the other end of an agent's socket, and what they may hear and have missed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.db.models import QuerySet
from django.http import HttpRequest

from inbox.access import live_groups, tickets_visible_to
from inbox.catching_up import missed
from inbox.models import Agent, Conversation, Ticket


@dataclass(frozen=True, slots=True)
class Seat:
    """What one socket may hear (`groups`), what it missed (None: too much, look at everything),
    and the number up to which it knows everything by that."""

    agent: Agent
    groups: frozenset[str]
    missed: list[dict[str, Any]] | None
    newest: int


def seat(session_key: str, last_seq: int | None) -> Seat | None:
    """The seat of this session's agent as of now; None when it has none any more."""
    agent = _agent_of(session_key)
    groups = frozenset(live_groups(agent)) if agent else frozenset[str]()
    if agent is None or not groups:
        return None
    return Seat(agent, groups, *missed(last_seq, groups))


def seen_tickets(agent: Agent, numbers: list[int]) -> list[Ticket]:
    """Those of these tickets that the agent may see."""
    if not numbers:
        return []
    return list(tickets_visible_to(agent).filter(pk__in=numbers).select_related("team"))


def strands_of(ticket: Ticket) -> QuerySet[Conversation]:
    """The ticket's strands with whom they lead to."""
    return ticket.conversations.select_related("contact_point")


def _agent_of(session_key: str) -> Agent | None:
    """Read anew each time: a session may have ended or its agent been shut out since."""
    request = HttpRequest()
    request.session = SessionStore(session_key)
    agent = get_user(request)
    return agent if isinstance(agent, Agent) else None
