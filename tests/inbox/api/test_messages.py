from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from channels_app.messages import Attachment as InboundFile
from channels_app.models import Channel
from customers import consent
from inbox import triage
from inbox.models import Agent, Attachment, CannedReply, IdempotencyKey, Message, Note, Team, Ticket
from tests.flows.saying import ADA_PHONE, EVE_MAIL, mail, sms
from tests.inbox.api.conftest import Program

pytestmark = pytest.mark.django_db

FIELDS = {
    "id",
    "position",
    "ticket",
    "conversation",
    "channel",
    "direction",
    "author",
    "kind",
    "subject",
    "text",
    "full_text",
    "html",
    "attachments",
    "reply_to",
    "external_id",
    "authentication",
    "is_automatic",
    "is_bounce",
    "reactions",
    "payload",
    "envelope",
    "status",
    "error",
    "created_at",
    "sent_at",
    "delivered_at",
    "read_at",
    "edited_at",
    "deleted_at",
}


class TestReading:
    def test_a_message_has_exactly_the_promised_fields(
        self, program: Program, support: Channel
    ) -> None:
        message = mail(support, "Where is it?", cc=("eve@stranger.example",))
        shown = program.get(f"messages/{message.pk}/").json()
        assert shown.keys() == FIELDS
        assert shown["envelope"] == {
            "from": {"name": "", "address": "ada@customer.example"},
            "to": [{"name": "", "address": support.account}],
            "cc": [{"name": "", "address": "eve@stranger.example"}],
            "reply_to": [],
            "message_id": message.message_id,
            "in_reply_to": "",
            "references": [],
            "original_sender": None,
        }
        customer = message.conversation.contact_point.customer
        assert shown["author"] == {"type": "customer", "id": customer.pk, "name": customer.name}
        assert (shown["status"], shown["error"], shown["reactions"]) == ("received", None, [])

    def test_a_text_message_has_no_envelope(self, program: Program, text_line: Channel) -> None:
        message = sms(text_line, "Hi")
        assert program.get(f"messages/{message.pk}/").json()["envelope"] is None

    def test_messages_of_a_ticket_come_oldest_first(
        self, program: Program, text_line: Channel
    ) -> None:
        said = [sms(text_line, f"No {n}") for n in range(3)]
        listed = program.get(f"tickets/{said[0].ticket_id}/messages/").json()["results"]
        assert [message["text"] for message in listed] == ["No 0", "No 1", "No 2"]

    def test_notes_are_not_among_messages(
        self, program: Program, text_line: Channel, grace: Agent
    ) -> None:
        number = sms(text_line, "Hi").ticket_id
        triage.add_note(Ticket.objects.get(pk=number), text="Careful with her", by=grace)
        assert b"Careful" not in program.get(f"tickets/{number}/messages/").content

    def test_children_of_a_hidden_ticket_are_missing(
        self, program: Program, sales: Channel
    ) -> None:
        message = mail(sales, "Secret", attachments=(InboundFile("a.txt", "text/plain", b"x"),))
        file = Attachment.objects.get()
        for path in (
            f"messages/{message.pk}/",
            f"messages/{message.pk}/attachments/{file.pk}/",
            f"tickets/{message.ticket_id}/messages/",
        ):
            assert program.get(path).status_code == 404
        for path in ("messages", "notes"):
            answer = program.post(f"tickets/{message.ticket_id}/{path}/", {"text": "x"})
            assert answer.status_code == 404
        assert Note.objects.count() == 0

    def test_the_number_of_queries_does_not_grow_with_the_rows(
        self,
        program: Program,
        text_line: Channel,
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        counts = []
        for texts in (["One"], ["Two", "Three"]):
            said = [sms(text_line, text) for text in texts]
            with django_assert_max_num_queries(6) as queries:
                program.get(f"tickets/{said[0].ticket_id}/messages/")
            counts.append(len(queries))
        assert counts[1] <= counts[0]


class TestFiles:
    def test_a_file_is_fetched_with_the_same_token_and_never_shown_in_place(
        self, program: Program, support: Channel
    ) -> None:
        page = InboundFile("../e\x00vil.html", "text/html", b"<script>alert(1)</script>")
        message = mail(support, "See this", attachments=(page,))
        [file] = program.get(f"messages/{message.pk}/").json()["attachments"]
        answer = program.client.get(file["url"])
        assert b"".join(answer.streaming_content) == b"<script>alert(1)</script>"
        assert answer["Content-Disposition"].startswith("attachment")
        assert answer["Content-Type"] == "application/octet-stream"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer["Content-Security-Policy"]
        assert file["size"] == 25

    def test_a_file_is_looked_up_through_its_message(
        self, program: Program, support: Channel
    ) -> None:
        file = InboundFile("a.txt", "text/plain", b"x")
        one, other = mail(support, "A", attachments=(file,)), mail(support, "B", subject="B")
        pk = Attachment.objects.get().pk
        assert program.get(f"messages/{one.pk}/attachments/{pk}/").status_code == 200
        assert program.get(f"messages/{other.pk}/attachments/{pk}/").status_code == 404


class TestReplying:
    def test_a_reply_is_queued_on_the_strand_the_customer_used_last(
        self, program: Program, text_line: Channel, grace: Agent
    ) -> None:
        said = sms(text_line, "Hi")
        answer = program.post(f"tickets/{said.ticket_id}/messages/", {"text": "On its way."})
        assert answer.status_code == 201, answer.content
        shown = answer.json()
        assert (shown["status"], shown["direction"]) == ("queued", "outbound")
        assert shown["conversation"] == said.conversation_id
        assert shown["author"] == {"type": "agent", "id": grace.pk, "name": "Grace"}
        assert program.get(f"messages/{shown['id']}/").json() == shown

    def test_into_a_named_strand_of_this_ticket_only(
        self, program: Program, text_line: Channel, support: Channel
    ) -> None:
        said, elsewhere = sms(text_line, "Hi"), mail(support, "Hi", sender=EVE_MAIL)
        path = f"tickets/{said.ticket_id}/messages/"
        sent = program.post(path, {"text": "Yes", "conversation": said.conversation_id})
        assert sent.status_code == 201
        stray = program.post(path, {"text": "No", "conversation": elsewhere.conversation_id})
        assert (stray.status_code, stray.json()["code"]) == (400, "invalid")

    def test_a_stale_base_is_refused_with_what_came_since(
        self, program: Program, support: Channel
    ) -> None:
        said = mail(support, "Hi")
        path = f"tickets/{said.ticket_id}/messages/"
        base = Ticket.objects.get(pk=said.ticket_id).last_position
        more = mail(support, "One more thing", references=(said.external_id,))
        assert more.ticket_id == said.ticket_id
        answer = program.post(path, {"text": "Done.", "base": base})
        assert (answer.status_code, answer.json()["code"]) == (409, "stale-reply")
        [since] = answer.json()["since"]
        assert (since["type"], since["text"], since["position"]) == (
            "message",
            "One more thing",
            more.position,
        )
        assert not Message.objects.filter(direction="outbound").exists()
        fresh = Ticket.objects.get(pk=said.ticket_id).last_position
        assert program.post(path, {"text": "Done.", "base": fresh}).status_code == 201

    def test_a_refusal_says_why(self, program: Program, text_line: Channel) -> None:
        said = sms(text_line, "Hi")
        consent.record(
            kind="phone",
            value=ADA_PHONE,
            medium="sms",
            sender=text_line.account,
            allowed=False,
            source="test",
            at=timezone.now(),
        )
        answer = program.post(f"tickets/{said.ticket_id}/messages/", {"text": "Buy!"})
        assert (answer.status_code, answer.json()["code"]) == (422, "opted-out")
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["detail"]

    def test_too_long(self, program: Program, text_line: Channel) -> None:
        said = sms(text_line, "Hi")
        answer = program.post(f"tickets/{said.ticket_id}/messages/", {"text": "a" * 20_000})
        assert (answer.status_code, answer.json()["code"]) == (422, "too-long")

    def test_a_canned_reply_is_filled_in(
        self, program: Program, text_line: Channel, vault: Team
    ) -> None:
        said = sms(text_line, "Hi")
        shared = CannedReply.objects.create(
            title="Hello", shortcut="hello", text="Hello {{customer.first_name|there}} {{7*7}}"
        )
        hidden = CannedReply.objects.create(title="V", shortcut="v", text="V", team=vault)
        path = f"tickets/{said.ticket_id}/messages/"
        sent = program.post(path, {"canned_reply": shared.pk})
        assert sent.json()["text"] == "Hello there {{7*7}}"
        assert program.post(path, {"canned_reply": hidden.pk}).status_code == 400
        both = program.post(path, {"canned_reply": shared.pk, "text": "x"})
        assert both.status_code == 400

    def test_files_go_along(self, program: Program, support: Channel) -> None:
        said = mail(support, "Send it please")
        file = {"name": "a.txt", "content_type": "text/plain", "content": encoded(b"hello")}
        path = f"tickets/{said.ticket_id}/messages/"
        sent = program.post(path, {"text": "Here", "attachments": [file]})
        assert sent.status_code == 201, sent.content
        [shown] = sent.json()["attachments"]
        assert (shown["name"], shown["size"]) == ("a.txt", 5)
        assert b"".join(program.client.get(shown["url"]).streaming_content) == b"hello"
        broken = program.post(path, {"text": "x", "attachments": [{**file, "content": "%"}]})
        assert broken.status_code == 400

    @pytest.mark.parametrize("body", [{}, {"text": " "}, {"text": ""}])
    def test_an_empty_reply_is_refused(
        self, program: Program, text_line: Channel, body: Any
    ) -> None:
        said = sms(text_line, "Hi")
        assert program.post(f"tickets/{said.ticket_id}/messages/", body).status_code == 422

    @pytest.mark.parametrize("body", [{"text": "x", "as": "bot"}, {"text": "x", "status": "sent"}])
    def test_unknown_fields_are_errors(
        self, program: Program, text_line: Channel, body: Any
    ) -> None:
        said = sms(text_line, "Hi")
        assert program.post(f"tickets/{said.ticket_id}/messages/", body).status_code == 400

    def test_a_body_beyond_the_bounds_is_too_large(
        self, program: Program, text_line: Channel, settings: Any
    ) -> None:
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
        said = sms(text_line, "Hi")
        answer = program.post(f"tickets/{said.ticket_id}/messages/", {"text": "a" * 2000})
        assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


class TestNotes:
    def test_a_note_stays_inside(self, program: Program, text_line: Channel, grace: Agent) -> None:
        said = sms(text_line, "Hi")
        answer = program.post(f"tickets/{said.ticket_id}/notes/", {"text": "She is right."})
        assert answer.status_code == 201
        shown = answer.json()
        assert (shown["text"], shown["author"]) == ("She is right.", grace.pk)
        assert not Message.objects.filter(direction="outbound").exists()


class TestOnce:
    def test_the_same_call_again_gets_the_first_answer_and_does_nothing(
        self, program: Program, text_line: Channel
    ) -> None:
        path = f"tickets/{sms(text_line, 'Hi').ticket_id}/messages/"
        first = program.post(path, {"text": "Hello"}, key="k1")
        again = program.post(path, {"text": "Hello"}, key="k1")
        assert (first.status_code, again.status_code) == (201, 201)
        assert again.json() == first.json()
        assert Message.objects.filter(direction="outbound").count() == 1
        assert program.post(path, {"text": "Hello"}, key="k2").json()["id"] != first.json()["id"]

    def test_the_same_key_with_another_body_is_refused(
        self, program: Program, text_line: Channel
    ) -> None:
        path = f"tickets/{sms(text_line, 'Hi').ticket_id}/notes/"
        program.post(path, {"text": "One"}, key="k1")
        answer = program.post(path, {"text": "Two"}, key="k1")
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")
        assert [note.text for note in Note.objects.all()] == ["One"]

    def test_the_key_is_each_agents_own(
        self, program: Program, stranger_program: Program, text_line: Channel
    ) -> None:
        path = f"tickets/{sms(text_line, 'Hi').ticket_id}/notes/"
        program.post(path, {"text": "One"}, key="k1")
        assert stranger_program.post(path, {"text": "Two"}, key="k1").status_code == 201

    def test_a_refused_call_leaves_its_key_free(self, program: Program, support: Channel) -> None:
        said = mail(support, "Hi")
        path = f"tickets/{said.ticket_id}/messages/"
        assert program.post(path, {"text": "x", "base": 0}, key="k1").status_code == 409
        assert program.post(path, {"text": "x"}, key="k1").status_code == 201

    def test_a_key_counts_for_24_hours(self, program: Program, text_line: Channel) -> None:
        path = f"tickets/{sms(text_line, 'Hi').ticket_id}/notes/"
        program.post(path, {"text": "One"}, key="k1")
        kept = IdempotencyKey.objects.get()
        kept.created_at -= timedelta(hours=24, seconds=1)
        kept.save()
        assert program.post(path, {"text": "Two"}, key="k1").status_code == 201

    @pytest.mark.parametrize("key", ["", "k" * 256])
    def test_a_key_has_bounds(self, program: Program, text_line: Channel, key: str) -> None:
        path = f"/api/v1/tickets/{sms(text_line, 'Hi').ticket_id}/notes/"
        answer = program.client.post(
            path, {"text": "x"}, "application/json", headers={"Idempotency-Key": key}
        )
        assert answer.status_code == 400


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()
