"""What agents have begun to write is the same in all their tabs, and never overwritten unseen."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from inbox import drafts, media
from inbox.drafts import Begun, NewerDraft
from inbox.models import Agent, Attachment, Conversation, Draft, Ticket
from inbox.replies import Reply, send_reply

pytestmark = pytest.mark.django_db


@pytest.fixture
def ticket(strand: Conversation) -> Ticket:
    return strand.ticket


def begun(text: str, *, base: int = 0, **more: Any) -> Begun:
    said: dict[str, Any] = {"mode": "reply", "client_id": uuid.uuid4()}
    return Begun(text=text, base=base, **(said | more))


def test_a_draft_is_kept_per_agent_ticket_and_mode(
    ticket: Ticket, grace: Agent, heidi: Agent
) -> None:
    drafts.save(ticket, begun("Dear"), by=grace)
    drafts.save(ticket, begun("Careful", mode="note"), by=grace)
    drafts.save(ticket, begun("Hello"), by=heidi)
    mine = drafts.drafts_of(ticket, grace)
    assert {mode: one.text for mode, one in mine.items()} == {"reply": "Dear", "note": "Careful"}


def test_the_same_text_in_two_tabs_will_be_the_same_message(ticket: Ticket, grace: Agent) -> None:
    first = drafts.save(ticket, begun("D"), by=grace)
    second = drafts.save(ticket, begun("D"), by=grace)
    assert first is not None
    assert second is not None
    assert (first.revision, second.revision) == (1, 2)
    assert second.client_id == first.client_id


def test_a_tab_that_missed_the_last_save_overwrites_nothing(ticket: Ticket, grace: Agent) -> None:
    drafts.save(ticket, begun("From one tab"), by=grace)
    for base in (0, 2):
        with pytest.raises(NewerDraft) as newer:
            drafts.save(ticket, begun("From another", base=base), by=grace)
        assert newer.value.draft.text == "From one tab"
    assert Draft.objects.get().text == "From one tab"
    assert drafts.save(ticket, begun("From one tab", base=0), by=grace) is not None


def test_a_save_whose_answer_was_lost_does_not_stand_in_the_way_of_the_next(
    ticket: Ticket, grace: Agent
) -> None:
    drafts.save(ticket, begun("Half a"), by=grace)
    kept = drafts.save(ticket, begun("Half a thought", base=0), by=grace)
    assert kept is not None
    assert (kept.text, kept.revision) == ("Half a thought", 2)


def test_an_emptied_draft_is_gone_and_a_later_one_goes_on_counting(
    ticket: Ticket, grace: Agent
) -> None:
    drafts.save(ticket, begun("D"), by=grace)
    assert drafts.save(ticket, begun("  ", base=1), by=grace) is None
    assert not Draft.objects.exists()
    again = drafts.save(ticket, begun("E", base=1), by=grace)
    assert again is not None
    assert again.revision == 2


def test_files_wait_with_the_draft_even_without_a_text(ticket: Ticket, grace: Agent) -> None:
    upload = SimpleUploadedFile("a.txt", b"abc", "text/plain")
    file = media.keep_upload(upload, by=grace)
    draft = drafts.attach(ticket, file, by=grace)
    assert drafts.save(ticket, begun("", base=draft.revision), by=grace) is not None
    drafts.detach(ticket, file.pk, by=grace)
    assert not Draft.objects.exists()


def test_what_was_sent_is_no_draft_any_more(ticket: Ticket, grace: Agent) -> None:
    drafts.save(ticket, begun("D"), by=grace)
    drafts.save(ticket, begun("N", mode="note"), by=grace)
    drafts.discard(ticket, by=grace, mode="reply", text="D")
    assert list(drafts.drafts_of(ticket, grace)) == ["note"]


def test_what_another_tab_wrote_on_meanwhile_stays(ticket: Ticket, grace: Agent) -> None:
    drafts.save(ticket, begun("Dear Ada, and"), by=grace)
    drafts.discard(ticket, by=grace, mode="reply", text="Dear Ada")
    assert Draft.objects.get().text == "Dear Ada, and"


def test_files_of_a_draft_are_not_swept_away(ticket: Ticket, grace: Agent) -> None:
    from inbox.sweeps import Errands, old_leftovers

    kept, _lost = (media.keep_upload(SimpleUploadedFile("a", b"a"), by=grace) for _ in range(2))
    drafts.attach(ticket, kept, by=grace)
    Attachment.objects.update(created_at="2020-01-01T00:00Z")
    old_leftovers(Errands())
    assert [one.pk for one in Attachment.objects.all()] == [kept.pk]


def test_what_was_sent_from_a_tab_that_knew_the_draft_is_no_draft_any_more(
    ticket: Ticket, grace: Agent
) -> None:
    drafts.save(ticket, begun("Hel"), by=grace)
    drafts.discard(ticket, by=grace, mode="reply", text="Hello", revision=1)
    assert not Draft.objects.exists()


def test_what_another_tab_wrote_on_stays_when_the_shorter_text_is_sent(
    ticket: Ticket, grace: Agent
) -> None:
    drafts.save(ticket, begun("Hello"), by=grace)
    drafts.save(ticket, begun("Hello and more", base=1), by=grace)
    drafts.discard(ticket, by=grace, mode="reply", text="Hello", revision=1)
    assert Draft.objects.get().text == "Hello and more"


@pytest.mark.parametrize("late", ["Hel", "Hello", "Hello "])
def test_a_save_that_was_overtaken_by_its_answer_is_nothing_to_keep(
    strand: Conversation, grace: Agent, late: str
) -> None:
    name = uuid.uuid4()
    send_reply(strand, Reply(text="Hello", client_id=name), by=grace)
    assert drafts.save(strand.ticket, begun(late, client_id=name), by=grace) is None
    assert drafts.save(strand.ticket, begun("Hello again", client_id=name), by=grace) is not None


def test_a_file_put_in_before_the_first_save_is_no_other_tab(ticket: Ticket, grace: Agent) -> None:
    upload = SimpleUploadedFile("a.txt", b"abc", "text/plain")
    drafts.attach(ticket, media.keep_upload(upload, by=grace), by=grace)
    kept = drafts.save(ticket, begun("With a file"), by=grace)
    assert kept is not None
    assert (kept.text, kept.attachments.count()) == ("With a file", 1)
