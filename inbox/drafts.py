"""What agents have begun to write: kept at the desk, the same in all their tabs."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from inbox import live
from inbox.models import Agent, Attachment, Draft, Message, Note, Ticket


class NewerDraft(Exception):
    """Another tab has saved something else since; `draft` is that."""

    def __init__(self, draft: Draft) -> None:
        super().__init__("The draft was changed elsewhere.")
        self.draft = draft


@dataclass(frozen=True, slots=True)
class Begun:
    """What stands in a reply box; see Draft. `base` is the revision its tab knows, 0 for none."""

    mode: str
    text: str
    client_id: uuid.UUID
    strand: str = ""
    copies: str = ""
    base: int = 0


@transaction.atomic
def save(ticket: Ticket, begun: Begun, *, by: Agent) -> Draft | None:
    """Keep it. None when there is nothing to keep: the draft is gone then. What overtakes it and
    has been sent already is nothing to keep.

    Raises NewerDraft when another tab's last save is not the one this began from. The same text
    again, or written on, is no conflict: so comes a tab that never heard of its own last save.
    """
    if _is_sent(begun, by):
        begun = replace(begun, text="")
    draft, is_new = Draft.objects.select_for_update().get_or_create(
        ticket=ticket,
        agent=by,
        mode=begun.mode,
        defaults={"client_id": begun.client_id, "revision": begun.base},
    )
    if not is_new and draft.revision != begun.base and not begun.text.startswith(draft.text):
        raise NewerDraft(draft)
    if not begun.text.strip() and not draft.attachments.exists():
        draft.delete()
        _tell(ticket, by, begun.mode, revision=0, files=0)
        return None
    if draft.revision == begun.base:
        draft.client_id = begun.client_id
    draft.text, draft.strand, draft.copies = begun.text, begun.strand, begun.copies
    draft.revision += 1
    draft.updated_at = timezone.now()
    draft.save()
    _tell_of(draft)
    return draft


@transaction.atomic
def attach(ticket: Ticket, file: Attachment, *, by: Agent) -> Draft:
    """Put an uploaded file with the agent's reply, begun by it if need be."""
    draft, _is_new = Draft.objects.get_or_create(
        ticket=ticket,
        agent=by,
        mode=Draft.Mode.REPLY,
        defaults={"client_id": uuid.uuid4(), "revision": 0},  # the text comes after it
    )
    draft.attachments.add(file)
    _tell_of(draft)
    return draft


@transaction.atomic
def detach(ticket: Ticket, file: int, *, by: Agent) -> None:
    """Take a file back out; it is thrown away. One that is not there changes nothing."""
    for draft in Draft.objects.filter(ticket=ticket, agent=by, attachments=file):
        draft.attachments.remove(file)
        if not draft.text.strip() and not draft.attachments.exists():
            draft.delete()
            _tell(ticket, by, mode=Draft.Mode.REPLY, revision=0, files=0)
        else:
            _tell_of(draft)


def discard(ticket: Ticket, *, by: Agent, mode: str, text: str, revision: int = 0) -> None:
    """This text has been sent, from a tab that knows the draft up to `revision`. Another tab may
    have written on meanwhile: then that stays."""
    for draft in Draft.objects.filter(ticket=ticket, agent=by, mode=mode):
        if draft.text.strip() == text.strip() or draft.revision <= revision:
            draft.delete()
            _tell(ticket, by, mode, revision=0, files=0, is_sent=True)


def drafts_of(ticket: Ticket, agent: Agent) -> dict[str, Draft]:
    """The agent's drafts in this ticket by mode."""
    found = Draft.objects.filter(ticket=ticket, agent=agent).prefetch_related("attachments")
    return {draft.mode: draft for draft in found}


def begun_by(agent: Agent) -> Exists:
    """Whether the agent has a draft in a ticket."""
    return Exists(Draft.objects.filter(ticket=OuterRef("pk"), agent=agent))


def _is_sent(begun: Begun, agent: Agent) -> bool:
    """Whether this is what became a message or note of that name, or an earlier state of it: a
    save may arrive after what it led to."""
    said: type[Message | Note] = Note if begun.mode == Draft.Mode.NOTE else Message
    sent = said.objects.filter(client_id=begun.client_id, agent=agent).first()
    return sent is not None and sent.text.startswith(begun.text.rstrip())


def _tell_of(draft: Draft) -> None:
    count = draft.attachments.count()
    _tell(draft.ticket, draft.agent, draft.mode, revision=draft.revision, files=count)


def _tell(
    ticket: Ticket, agent: Agent, mode: str, *, revision: int, files: int, is_sent: bool = False
) -> None:
    """The agent's other tabs hear of it: which draft is at which revision (0: gone) and has how
    many files."""
    said = {"type": "draft", "ticket": ticket.pk, "mode": mode, "revision": revision}
    said |= {"files": files, "sent": is_sent}
    transaction.on_commit(lambda: live.whisper([f"agent.{agent.pk}"], said))
