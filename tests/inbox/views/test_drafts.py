from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from inbox import media
from inbox.models import Agent, Attachment, Conversation, Draft, LiveEvent, Message, Reading
from tests.inbox.desk import hear

pytestmark = pytest.mark.django_db


def save(client: Client, conversation: Conversation, text: str, **more: Any) -> Any:
    data = {"mode": "reply", "text": text, "client_id": uuid.uuid4()}
    return client.post(f"/t/{conversation.ticket_id}/draft", data | more)


def send(client: Client, strand: Conversation, text: str, **more: Any) -> Any:
    data = {"text": text, "conversation": strand.pk, "client_id": uuid.uuid4()}
    return client.post(f"/t/{strand.ticket_id}/replies", data | more)


def test_a_draft_comes_back_as_it_was_left(strand: Conversation, script: Client) -> None:
    kept = save(script, strand, "Dear", strand=strand.pk, copies="a@b.example").json()
    assert script.get(f"/t/{strand.ticket_id}/drafts").json() == {"reply": kept}
    assert (kept["revision"], kept["text"], kept["strand"]) == (1, "Dear", str(strand.pk))


def test_the_newer_draft_of_another_tab_is_answered_not_overwritten(
    strand: Conversation, script: Client
) -> None:
    save(script, strand, "From one tab")
    newer = save(script, strand, "From another")
    assert (newer.status_code, newer.json()["text"]) == (409, "From one tab")
    assert save(script, strand, "From another", base=1).status_code == 200


def test_an_emptied_draft_is_gone(strand: Conversation, script: Client) -> None:
    save(script, strand, "D")
    assert save(script, strand, "", base=1).json() == {"revision": 0}
    assert script.get(f"/t/{strand.ticket_id}/drafts").json() == {}


def test_sending_ends_the_draft_and_being_refused_does_not(
    strand: Conversation, script: Client
) -> None:
    save(script, strand, "Hello")
    strand.contact_point.is_blocked = True
    strand.contact_point.save()
    assert send(script, strand, "Hello").status_code == 422
    assert Draft.objects.exists()
    strand.contact_point.is_blocked = False
    strand.contact_point.save()
    assert send(script, strand, "Hello").status_code == 201
    assert not Draft.objects.exists()


def test_files_put_with_the_draft_leave_with_the_reply(
    mail_strand: Conversation, script: Client
) -> None:
    address = f"/t/{mail_strand.ticket_id}/draft/files"
    one, other = (
        script.post(address, {"file": SimpleUploadedFile(name, b"abc")}).json()["files"][-1]
        for name in ("a.txt", "b.txt")
    )
    assert script.post(f"{address}/remove", {"file": other["id"]}).status_code == 204
    assert send(script, mail_strand, "", attachments=[one["id"]]).status_code == 201
    sent = Message.objects.get(direction="outbound")
    assert [file.name for file in sent.attachments.all()] == ["a.txt"]
    assert not Draft.objects.exists()


def test_a_file_that_is_too_large_is_refused(
    strand: Conversation, script: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "MAX_UPLOAD", 4)
    files, file = f"/t/{strand.ticket_id}/draft/files", SimpleUploadedFile("a.txt", b"hello")
    answer = script.post(files, {"file": file})
    assert (answer.status_code, answer.content) == (413, b"a.txt is larger than 100 MB.")
    assert not Attachment.objects.exists()


def test_a_file_of_somebody_else_is_not_sent(
    mail_strand: Conversation, script: Client, heidi: Agent
) -> None:
    theirs = Attachment.objects.create(name="secret", uploaded_by=heidi)
    assert send(script, mail_strand, "See", attachments=[theirs.pk]).status_code == 422


def test_a_draft_is_a_reply_or_a_note(strand: Conversation, script: Client) -> None:
    assert save(script, strand, "x", mode="letter").status_code == 422
    assert script.post(f"/t/{strand.ticket_id}/draft/files").status_code == 422


def test_drafts_are_nobody_elses_business(
    strand: Conversation, script: Client, heidi: Agent
) -> None:
    save(script, strand, "Mine")
    other = Client(headers={"HX-Request": "true"})
    other.force_login(heidi)
    assert other.get(f"/t/{strand.ticket_id}/drafts").json() == {}
    assert b"tag--draft" not in other.get("/tickets/?view=all").content
    assert b"tag--draft" in script.get("/tickets/?view=all").content
    assert f'id="t-{strand.ticket_id}"'.encode() in script.get("/tickets/?view=drafts").content


def test_reading_a_ticket_takes_away_its_dot_and_marking_it_brings_it_back(
    grace: Agent, strand: Conversation, script: Client
) -> None:
    strand = hear(strand.contact_point.channel, "after Grace joined").conversation
    address = f"/t/{strand.ticket_id}"
    assert b"row--unread" in script.get("/tickets/?view=all").content
    assert strand.ticket.pk in map(int, script.get("/counts").json()["news"])
    assert script.post(f"{address}/read", {"upto": 10**6}).status_code == 204
    assert b"row--unread" not in script.get("/tickets/?view=all").content
    assert script.get("/counts").json()["news"] == {}
    assert script.post(f"{address}/unread").status_code == 204
    assert b"row--unread" in script.get("/tickets/?view=all").content
    assert Reading.objects.count() == 1


def test_events_can_be_asked_for_instead_of_listened_to(script: Client, grace: Agent) -> None:
    LiveEvent.objects.create(kind="message", ticket_id=7, audience=["everyone"], seq=1)
    LiveEvent.objects.create(kind="message", ticket_id=8, audience=["team.9"], seq=2)
    answer = script.get("/events?after=0").json()
    assert ([one["ticket"] for one in answer["events"]], answer["seq"]) == ([7], 2)
    for nonsense in ("", "?after=x", "?after=99"):
        assert script.get(f"/events{nonsense}").json() == {"events": None, "seq": 2}


def test_the_roster_names_those_who_may_sign_in(script: Client, grace: Agent, heidi: Agent) -> None:
    heidi.is_active = False
    heidi.save()
    roster = script.get("/roster").json()
    assert roster["me"] == grace.pk
    assert {key: one["name"] for key, one in roster["agents"].items()} == {
        str(grace.pk): "Grace Hopper"
    }
