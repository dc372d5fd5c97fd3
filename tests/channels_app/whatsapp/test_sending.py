"""What leaves for Meta, and what its answers mean."""

from __future__ import annotations

import io
import json

import pytest

from channels_app.adapters.whatsapp.errors import MEANINGS, meaning
from channels_app.adapters.whatsapp.sending import body, mark_read, recipient, send
from channels_app.errors import SendError
from channels_app.messages import OutboundFile, TemplateUse
from channels_app.pretend.faults import Fault
from tests.channels_app.whatsapp.conftest import ADA, ADA_ID, eventually, message
from tests.channels_app.wire import ok, wire


def file(content_type: str = "image/jpeg", name: str = "lamp.jpg", content: bytes = b"jpeg"):
    return OutboundFile(name, content_type, len(content), open=lambda: io.BytesIO(content))


@pytest.fixture(autouse=True)
def _may_call_here(settings):
    settings.OUTBOUND_ALLOW_HOSTS = ["127.0.0.1"]


class TestShapes:
    def test_a_text(self, account):
        assert body(account, message("Grüße 📦")) == {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": "447700900123",
            "type": "text",
            "text": {"body": "Grüße 📦", "preview_url": False},
            "biz_opaque_callback_data": "42",
        }

    @pytest.mark.parametrize("user_id", [ADA_ID, "GB.ENT.11815799212886844830"])
    def test_a_user_id_goes_into_recipient(self, user_id):
        to_user = message(to=user_id, to_kind="whatsapp_user")
        assert recipient(to_user) == {"recipient": user_id}

    def test_the_digits_of_a_number_are_left_as_they_came(self):
        """Mexican ids keep the 1 that numbers have lost."""
        assert recipient(message(to="+5215512345678")) == {"to": "5215512345678"}

    def test_an_answer_names_what_it_answers(self, account):
        said = body(account, message(reply_to="wamid.1"))
        assert said["context"] == {"message_id": "wamid.1"}

    def test_a_template(self, account):
        parts = ({"type": "body", "parameters": [{"type": "text", "text": "Ada"}]},)
        said = body(account, message(template=TemplateUse("hello", "en_GB", parts)))
        assert said["template"] == {
            "name": "hello",
            "language": {"code": "en_GB", "policy": "deterministic"},
            "components": list(parts),
        }
        assert "text" not in said

    @pytest.mark.parametrize("emoji", ["👍", ""])
    def test_a_reaction(self, account, emoji):
        said = body(account, message("", reaction=emoji, reply_to="wamid.1"))
        assert said["reaction"] == {"message_id": "wamid.1", "emoji": emoji}
        assert not {"context", "text", "biz_opaque_callback_data"} & said.keys()

    @pytest.mark.parametrize(
        ("content_type", "kind", "more"),
        [
            ("image/jpeg", "image", {"caption": "Look"}),
            ("video/mp4", "video", {"caption": "Look"}),
            ("audio/ogg", "audio", {}),
            ("application/pdf", "document", {"caption": "Look", "filename": "lamp.jpg"}),
            ("text/plain", "document", {"caption": "Look", "filename": "lamp.jpg"}),
        ],
    )
    def test_a_file_is_handed_over_first(self, account, meta, content_type, kind, more):
        said = body(account, message("Look", attachments=(file(content_type),)))
        media_id = said[kind].pop("id")
        assert (said["type"], said[kind]) == (kind, more)
        assert meta.book.media(media_id).content == b"jpeg"
        assert meta.book.media(media_id).content_type == content_type

    def test_a_file_s_name_is_no_way_into_the_form(self, account, meta):
        evil = file(name='a"\r\nContent-Type: text/html\r\n\r\n<script>.jpg')
        said = body(account, message("", attachments=(evil,)))
        assert meta.book.media(said["image"]["id"]).content == b"jpeg"

    def test_two_files_are_two_messages(self, account):
        with pytest.raises(SendError) as error:
            body(account, message("", attachments=(file(), file())))
        assert error.value.permanent


class TestSending:
    def test_the_receipt_is_the_id_that_statuses_name(self, account, meta):
        meta.say(ADA, "text", {"body": "Hello"})
        receipt = send(account, message())
        (taken,) = meta.accepted
        assert receipt.external_id == taken.message_id
        assert eventually(lambda: meta.accepted[0].status == "delivered")

    def test_outside_the_window_the_status_says_so_later(self, account, meta):
        send(account, message())
        assert eventually(lambda: meta.accepted[0].status == "failed")

    def test_read_and_typing_are_shown(self, account, meta):
        message_id, _ = meta.say(ADA, "text", {"body": "Hello"})
        mark_read(account, message_id, typing=False)
        mark_read(account, message_id, typing=True)
        read = {"messaging_product": "whatsapp", "status": "read", "message_id": message_id}
        assert meta.journal == [read, {**read, "typing_indicator": {"type": "text"}}]

    @pytest.mark.parametrize("code", sorted(MEANINGS))
    def test_a_refusal_says_what_it_means(self, account, meta, code):
        meta.faults.next_sends.append(Fault(status=400, code=int(code)))
        with pytest.raises(SendError) as error:
            send(account, message())
        it, known = error.value, MEANINGS[code]
        assert (it.code, it.text, it.permanent) == (code, known.text, known.permanent)
        assert (it.undeliverable, it.channel_is_broken) == (
            known.undeliverable,
            known.channel_is_broken,
        )
        assert not it.ambiguous

    @pytest.mark.parametrize("code", ["200", "203", "299"])
    def test_missing_permissions_break_the_channel(self, code):
        assert meaning(code).channel_is_broken

    def test_an_unknown_code_speaks_with_their_words(self, account, meta):
        meta.faults.next_sends.append(Fault(status=400, code=424242))
        with pytest.raises(SendError) as error:
            send(account, message())
        assert (error.value.code, error.value.text) == ("424242", "Pretended")
        assert error.value.permanent

    @pytest.mark.parametrize(("attempt", "seconds"), [(1, 4), (2, 16), (3, 64), (9, 1024)])
    def test_the_limit_of_a_pair_asks_for_ever_longer_pauses(self, account, meta, attempt, seconds):
        meta.faults.next_sends.append(Fault(status=400, code=131056))
        with pytest.raises(SendError) as error:
            send(account, message(attempt=attempt))
        assert (error.value.retry_after, error.value.permanent) == (seconds, False)

    def test_what_the_provider_asks_for_is_waited(self, account, meta):
        meta.faults.next_sends.append(Fault(status=429, code=130429, retry_after=7))
        with pytest.raises(SendError) as error:
            send(account, message())
        assert (error.value.retry_after, error.value.permanent) == (7.0, False)

    @pytest.mark.parametrize("takes", [True, False])
    def test_a_lost_answer_is_ambiguous(self, account, meta, takes):
        meta.faults.next_sends.append(Fault(drops=True, takes=takes))
        with pytest.raises(SendError) as error:
            send(account, message())
        assert error.value.ambiguous
        assert len(meta.accepted) == int(takes)

    @pytest.mark.parametrize(
        ("answer", "expected"),
        [
            (ok(b"<html>", status="502 Bad Gateway"), {"ambiguous": True}),
            (ok(b"not json"), {"ambiguous": True}),
            (ok(b"{}"), {"ambiguous": True}),
            (ok(b'{"messages": []}'), {"ambiguous": True}),
            (ok(b'{"messages": [{"id": null}]}'), {"ambiguous": True}),
            (ok(b"[" * 100_000), {"ambiguous": True}),
            (ok(b'{"error": {"code": 1, "message": "a\\u0000\\ud800b"}}', status="400 Bad Request"),
             {"code": "1", "permanent": False}),
            (ok(b'{"error": {"code": 9, "message": "a\\u0000\\ud800b"}}', status="400 Bad Request"),
             {"text": "a\N{REPLACEMENT CHARACTER}b"}),
            (ok(b"slow down", status="429 Too Many Requests", headers="Retry-After: 3\r\n"),
             {"retry_after": 3.0, "ambiguous": False}),
            (ok(b"who?", status="404 Not Found"), {"channel_is_broken": True}),
            (ok(b'{"error": "x"}', status="400 Bad Request"), {"channel_is_broken": True}),
        ],
    )  # fmt: skip
    def test_answers_that_are_none_of_meta_s(self, account, answer, expected):
        with wire(answer) as server, pytest.raises(SendError) as error:
            send(account.__class__("1", "2", "t", "v26.0", server.url), message())
        assert {name: getattr(error.value, name) for name in expected} == expected

    def test_a_file_that_could_not_be_handed_over_was_not_sent(self, account):
        with wire(lambda connection: connection.close()) as server:
            other = account.__class__("1", "2", "t", "v26.0", server.url)
            with pytest.raises(SendError) as error:
                send(other, message("", attachments=(file(),)))
        assert (error.value.ambiguous, error.value.permanent) == (False, False)

    def test_our_token_goes_to_nobody_else(self, account):
        with wire(ok(json.dumps({"messages": [{"id": "1"}]}).encode())) as server:
            send(account.__class__("1", "2", "t", "v26.0", server.url), message())
            assert b"Authorization: Bearer t" in server.seen[0].replace(
                b"authorization", b"Authorization"
            )
        assert account.is_theirs("https://lookaside.fbsbx.com/x")
        for address in (
            "http://lookaside.fbsbx.com/x",
            "https://fbsbx.com.evil.example/",
            "https://evilfbsbx.com/",
        ):
            assert not account.is_theirs(address)
