"""Filling in the texts agents insert: our own replacer over a flat dict, nothing cleverer."""

from __future__ import annotations

import re
from collections.abc import Mapping

from inbox.models import Agent, Ticket

PLACEHOLDER = re.compile(r"\{\{ ?([a-z_]{1,30}\.[a-z_]{1,30}) ?(?:\|([^{}|]{0,200}))?\}\}")


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put values in the place of `{{customer.first_name|there}}`; what follows the bar stands
    where a value is empty. Anything else comes out as typed, also what a value brings along."""
    return PLACEHOLDER.sub(lambda found: _value(found, values), text)


def values_for(ticket: Ticket, *, agent: Agent) -> dict[str, str]:
    """What a canned reply may name."""
    return {
        "customer.name": _one_line(ticket.customer.name),
        "customer.first_name": _first_name(ticket.customer.name),
        "ticket.number": str(ticket.pk),
        "ticket.subject": _one_line(ticket.subject),
        "agent.name": _one_line(agent.name),
        "agent.first_name": _first_name(agent.name),
    }


def _value(found: re.Match[str], values: Mapping[str, str]) -> str:
    name, instead = found.groups()
    if name not in values:
        return found.group()
    return values[name] or (instead or "").strip()


def _first_name(name: str) -> str:
    """The first word of a name; nothing when it is an address or a number."""
    first = _one_line(name).partition(" ")[0]
    return "" if "@" in first or any(letter.isdigit() for letter in first) else first


def _one_line(text: str) -> str:
    return " ".join(text.split())
