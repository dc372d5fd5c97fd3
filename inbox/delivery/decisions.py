"""What agents decide about messages that did not simply arrive."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.utils import timezone

from inbox.changes import change
from inbox.delivery.consequences import mark_reached
from inbox.delivery.send import deliver_later
from inbox.delivery.status import advance, home_of, move
from inbox.models import Activity, Agent, Message
from inbox.sending import Refused, may_leave
from inbox.triage import NotPossible

Status = Message.Status


def retry(message: Message, *, by: Agent) -> None:
    """Send a failed message again; an address called unreachable gets another chance by it.
    Raises NotPossible when it has not failed, Refused when it may not be sent."""
    with _deciding(message, by, "retry"):
        mark_reached(message)
        _queue(message, was=Status.FAILED)


def settle(message: Message, *, arrived: bool, by: Agent) -> None:
    """Settle an uncertain message: it arrived, or is to be sent once more.
    Raises NotPossible when it is settled by now, Refused when it may not be sent."""
    with _deciding(message, by, "arrived" if arrived else "send again"):
        if arrived:
            _believe(message)
        else:
            _queue(message, was=Status.UNCERTAIN)


@contextmanager
def _deciding(message: Message, by: Agent, decision: str) -> Iterator[None]:
    with change(home_of(message), by=by, kind="message") as ongoing:
        yield
        verb = Activity.Verb.MESSAGE_SETTLED
        ongoing.record(verb, message=message.pk, decision=decision)


def _believe(message: Message) -> None:
    uncertain = Message.objects.filter(pk=message.pk, status=Status.UNCERTAIN)
    if not uncertain.exists() or not advance(message, Status.SENT, at=timezone.now()):
        raise NotPossible("It is known by now what became of this message.")


def _queue(message: Message, *, was: Status) -> None:
    """The old call's id is let go: late reports about it say nothing about the new one."""
    message = Message.objects.select_related("conversation__contact_point__channel").get(
        pk=message.pk
    )
    if message.deleted_at:
        raise NotPossible("This message was deleted: nothing of it is left to be sent.")
    answer = may_leave(message)
    if not answer.allowed:
        raise Refused(answer)
    fresh: dict[str, Any] = {"attempts": 0, "external_id": "", "error_code": "", "error_text": ""}
    if not move(message, Status.QUEUED, sources=[was], next_attempt_at=timezone.now(), **fresh):
        raise NotPossible("This message is on its way already.")
    deliver_later(message)
