"""What agents do to a ticket besides answering it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from django.db.models import Value
from django.db.models.functions import Lower
from django.utils import timezone

from inbox.changes import Change, change
from inbox.models import Activity, Agent, Note, Tag, Team, Ticket

Verb = Activity.Verb

MOST_TAGS = 50


class NotPossible(Exception):
    """The ticket's state does not allow this; the text says why, for a person."""


def assign(ticket: Ticket, *, to: Agent | None, by: Agent | None = None) -> None:
    """Give the ticket to an agent, or to nobody. Raises NotPossible for one who left."""
    if to is not None and not to.is_active:
        raise NotPossible(f"{to} may not sign in any more.")
    with change(ticket.pk, by=by) as ongoing:
        if ongoing.ticket.assignee_id == (to.pk if to else None):
            return
        ongoing.ticket.assignee = to
        ongoing.record(Verb.ASSIGNED, to=to.pk if to else None, name=str(to) if to else "")


def move_to_team(ticket: Ticket, *, team: Team | None, by: Agent | None = None) -> None:
    """Hand the ticket to a team, or to none."""
    with change(ticket.pk, by=by) as ongoing:
        if ongoing.ticket.team_id == (team.pk if team else None):
            return
        ongoing.ticket.team = team
        ongoing.record(Verb.TEAM_CHANGED, to=team.pk if team else None, name=str(team or ""))


def prioritise(ticket: Ticket, *, priority: str, by: Agent | None = None) -> None:
    """Set how urgent the ticket is: low, normal, high or urgent. Raises NotPossible."""
    if priority not in Ticket.Priority.values:
        raise NotPossible(f"There is no priority {priority!r}.")
    with change(ticket.pk, by=by) as ongoing:
        if ongoing.ticket.priority == priority:
            return
        ongoing.record(Verb.PRIORITY_CHANGED, was=ongoing.ticket.priority, to=priority)
        ongoing.ticket.priority = priority


def tag(ticket: Ticket, *, names: Iterable[str], by: Agent | None = None) -> None:
    """Make these the ticket's tags; unknown words become tags. Raises NotPossible for more than
    fifty."""
    wanted = {name.strip()[:50].casefold(): name.strip()[:50] for name in names if name.strip()}
    if len(wanted) > MOST_TAGS:
        raise NotPossible(f"A ticket takes at most {MOST_TAGS} tags.")
    with change(ticket.pk, by=by) as ongoing:
        present = {one.name.casefold(): one for one in ongoing.ticket.tags.all()}
        added = [_tag_named(name) for key, name in wanted.items() if key not in present]
        removed = [one for key, one in present.items() if key not in wanted]
        if not added and not removed:
            return
        ongoing.ticket.tags.add(*added)
        ongoing.ticket.tags.remove(*removed)
        ongoing.record(
            Verb.TAGGED, added=[one.name for one in added], removed=[one.name for one in removed]
        )


def rename(ticket: Ticket, *, subject: str, by: Agent | None = None) -> None:
    """Give the ticket another subject, on one line."""
    with change(ticket.pk, by=by) as ongoing:
        subject = " ".join(subject.split())[:500]
        if ongoing.ticket.subject == subject:
            return
        ongoing.record(Verb.SUBJECT_CHANGED, was=ongoing.ticket.subject, to=subject)
        ongoing.ticket.subject = subject


def snooze(ticket: Ticket, *, until: datetime, by: Agent | None = None) -> None:
    """Put the ticket off. Raises NotPossible when it is settled or the time has passed."""
    if until <= timezone.now():
        raise NotPossible("Choose a time in the future.")
    with change(ticket.pk, by=by) as ongoing:
        if not ongoing.ticket.is_unresolved:
            raise NotPossible("Only an open or pending ticket can be snoozed.")
        ongoing.ticket.snoozed_until = until
        ongoing.record(Verb.SNOOZED, until=until.isoformat())


def wake(ticket: Ticket, *, by: Agent | None = None) -> None:
    """End the ticket's sleep and put it back among those to act on."""
    with change(ticket.pk, by=by) as ongoing:
        if ongoing.ticket.snoozed_until is None:
            return
        ongoing.ticket.snoozed_until = None
        ongoing.ticket.status = Ticket.Status.OPEN
        ongoing.record(Verb.WOKE)


def resolve(ticket: Ticket, *, by: Agent | None = None) -> None:
    """Call the ticket done."""
    set_status(ticket, status=Ticket.Status.RESOLVED, by=by)


def reopen(ticket: Ticket, *, by: Agent | None = None) -> None:
    """Act on the ticket again."""
    set_status(ticket, status=Ticket.Status.OPEN, by=by)


def set_status(ticket: Ticket, *, status: Ticket.Status, by: Agent | None = None) -> None:
    """Move the ticket to a status; it wakes up by it. A merged ticket raises NotPossible."""
    with change(ticket.pk, by=by) as ongoing:
        if ongoing.ticket.merged_into_id:
            raise NotPossible(f"This ticket lives on in #{ongoing.ticket.survivor.pk}.")
        turn(ongoing, status)


def turn(ongoing: Change, status: Ticket.Status, *, reason: str = "") -> None:
    """Change the status within a change that is already under way, and write it down."""
    was = ongoing.ticket.shown_status
    if ongoing.ticket.move_to(status, at=ongoing.now):
        ongoing.record(Verb.STATUS_CHANGED, was=was, to=status, reason=reason)


def add_note(ticket: Ticket, *, text: str, by: Agent, client_id: uuid.UUID | None = None) -> Note:
    """Write something for colleagues only. The same client_id again gives the first note.
    Raises NotPossible for an empty text."""
    if not text.strip():
        raise NotPossible("Write something first.")
    with change(ticket.pk, by=by, kind="note") as ongoing:
        client_id = client_id or uuid.uuid4()
        known = Note.objects.filter(client_id=client_id, ticket=ticket).first()
        return known or Note.objects.create(
            ticket=ongoing.ticket,
            position=ongoing.ticket.next_position(),
            agent=by,
            text=text,
            client_id=client_id,
            created_at=ongoing.now,
        )


def _tag_named(name: str) -> Tag:
    """Two agents may think of one word at the same moment: the second gets the first's."""
    folded = Tag.objects.annotate(folded=Lower("name"))
    return folded.get_or_create(folded__exact=Lower(Value(name)), defaults={"name": name})[0]
