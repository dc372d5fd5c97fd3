"""A changed field of a ticket is a verb of the desk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction

from customers.models import Customer
from inbox import people, triage
from inbox.models import Agent, Ticket

Verb = Callable[[Ticket, Any, Agent], None]


def apply(wanted: dict[str, Any], *, to: Ticket, by: Agent) -> None:
    """Do everything that was asked for, in one transaction. Raises NotPossible."""
    with transaction.atomic():
        for field, verb in VERBS.items():
            if field in wanted:
                verb(to, wanted[field], by)


def _customer(ticket: Ticket, customer: Customer, by: Agent) -> None:
    people.give(ticket, to=customer, by=by)


def _subject(ticket: Ticket, subject: str, by: Agent) -> None:
    triage.rename(ticket, subject=subject, by=by)


def _priority(ticket: Ticket, priority: str, by: Agent) -> None:
    triage.prioritise(ticket, priority=priority, by=by)


def _tags(ticket: Ticket, names: list[str], by: Agent) -> None:
    triage.tag(ticket, names=names, by=by)


def _status(ticket: Ticket, status: str, by: Agent) -> None:
    if status != "snoozed":
        triage.set_status(ticket, status=Ticket.Status(status), by=by)


def _snoozed_until(ticket: Ticket, until: Any, by: Agent) -> None:
    if until is None:
        triage.wake(ticket, by=by)
    else:
        triage.snooze(ticket, until=until, by=by)


def _assignee(ticket: Ticket, agent: Agent | None, by: Agent) -> None:
    triage.assign(ticket, to=agent, by=by)


def _team(ticket: Ticket, team: Any, by: Agent) -> None:
    triage.move_to_team(ticket, team=team, by=by)


# Customers are locked before tickets: theirs comes first.
VERBS: dict[str, Verb] = {
    "customer": _customer,
    "subject": _subject,
    "priority": _priority,
    "tags": _tags,
    "status": _status,
    "snoozed_until": _snoozed_until,
    "assignee": _assignee,
    "team": _team,
}
