from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_app.adapters.sms.parsing import parse
from channels_app.errors import UnreadablePayload
from channels_app.messages import Address, Attachment, DeliveryUpdate, InboundMessage, RawEvent
from tests.channels_app.sms.conftest import ADA, FORM, NUMBER, payload

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SM = "SM" + "b2" * 16
MM = "MM" + "c3" * 16
MEDIA = f"https://api.twilio.com/2010-04-01/Accounts/AC{'a1' * 16}/Messages/{MM}/Media"


def event(body: bytes | str, *, content_type: str = FORM) -> RawEvent:
    body = body.encode() if isinstance(body, str) else body
    return RawEvent("webhook", body, {"content-type": content_type}, "", NOW)


def inbound(text: str, **more) -> InboundMessage:
    fields = {
        "account": NUMBER,
        "external_id": SM,
        "dedupe_key": SM,
        "sender": (Address("phone", ADA),),
        "text": text,
        "full_text": text,
        "sent_at": NOW,
    }
    return InboundMessage(**{**fields, **more})


def update(status: str, **more) -> DeliveryUpdate:
    return DeliveryUpdate(account="", external_id=SM, status=status, at=NOW, **more)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("inbound_text", [inbound("  Hallo, wo ist mein Päckchen? 📦 \n")]),
        ("inbound_text_with_messaging_service", [inbound("Hi")]),
        (
            "inbound_mms",
            [
                inbound(
                    "",
                    external_id=MM,
                    dedupe_key=MM,
                    kind="image",
                    attachments=(
                        Attachment("file-1.jpg", "image/jpeg", remote_url=f"{MEDIA}/ME{'e5' * 16}"),
                        Attachment(
                            "file-2.pdf", "application/pdf", remote_url=f"{MEDIA}/ME{'f6' * 16}"
                        ),
                    ),
                )
            ],
        ),
        ("inbound_stop", [inbound("Stop ", keyword="stop")]),
        ("inbound_advanced_opt_out", [inbound("ARRET", keyword="stop")]),
        (
            "inbound_from_short_code",
            [inbound("Your code is 1234", sender=(Address("sms_sender", "72975"),))],
        ),
        ("status_queued", []),
        ("status_sent", [update("sent")]),
        ("status_delivered", [update("delivered")]),
        (
            "status_undelivered",
            [
                update(
                    "failed",
                    error_code="30005",
                    error_text="This number does not exist any more.",
                    undeliverable=True,
                )
            ],
        ),
        (
            "status_failed_unknown_code",
            [update("failed", error_code="39999", error_text="Something new")],
        ),
    ],
)
def test_a_recorded_call_is_read_whole(name, expected):
    assert parse(event(payload(name))) == expected


@pytest.mark.parametrize(
    ("text", "keyword"),
    [
        *(
            (word, "stop")
            for word in [
                "STOP",
                "Unsubscribe",
                "end",
                "QUIT",
                "stopall",
                "revoke",
                "OptOut",
                "cancel",
            ]
        ),
        *((word, "start") for word in ("START", "unstop")),
        *((word, "help") for word in ("HELP", " info\n")),
        *((text, None) for text in ("Yes", "stop it", "Help me", "please cancel", "", "end.")),
    ],
)
def test_a_keyword_is_the_whole_message(text, keyword):
    fields = {"From": ADA, "To": NUMBER, "MessageSid": SM, "Body": text}
    assert parse(event(urlencode(fields))) == [inbound(text, keyword=keyword)]


@pytest.mark.parametrize(
    ("sender", "kind"),
    [(ADA, "phone"), ("ACME", "sms_sender"), ("12345", "sms_sender"), ("+12", "sms_sender")],
)
def test_who_can_be_called_is_a_phone(sender, kind):
    fields = {"From": sender, "To": NUMBER, "MessageSid": SM, "Body": "x"}
    assert parse(event(urlencode(fields))) == [inbound("x", sender=(Address(kind, sender),))]


@pytest.mark.parametrize(
    ("content_type", "kind"),
    [("audio/amr", "audio"), ("video/mp4", "video"), ("text/vcard", "document"), ("", "document")],
)
def test_a_message_without_text_is_what_its_first_file_is(content_type, kind):
    fields = {"From": ADA, "To": NUMBER, "MessageSid": MM, "NumMedia": "1"}
    files = {"MediaUrl0": "https://x.example/1", "MediaContentType0": content_type}
    (read,) = parse(event(urlencode({**fields, **files})))
    assert read.kind == kind


def test_bytes_that_are_no_text_are_shown_as_such_and_nul_is_left_out():
    body = f"From=%2B14155550123&To=%2B15005550006&MessageSid={SM}&Body=a%FF%00b".encode()
    assert parse(event(body)) == [inbound("a\ufffdb")]


def test_of_a_repeated_parameter_the_first_counts():
    body = f"From=%2B14155550123&To=%2B15005550006&MessageSid={SM}&Body=a&Body=b"
    assert parse(event(body)) == [inbound("a")]


@pytest.mark.parametrize("missing", ["From", "To", "MessageSid"])
def test_a_missing_parameter_is_named(missing):
    fields = {"From": ADA, "To": NUMBER, "MessageSid": SM, "Body": "x"}
    del fields[missing]
    with pytest.raises(UnreadablePayload, match=f"{missing} is missing"):
        parse(event(urlencode(fields)))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"NumMedia": "two"}, "NumMedia"),
        ({"NumMedia": "²"}, "NumMedia"),
        ({"NumMedia": "1"}, "MediaUrl0 is missing"),
        ({"MessageStatus": "teleported"}, "unknown message status"),
        ({"MessageStatus": "sent", "MessageSid": ""}, "MessageSid is missing"),
    ],
)
def test_what_makes_no_sense_is_said(change, reason):
    fields = {"From": ADA, "To": NUMBER, "MessageSid": SM, "Body": "x", **change}
    with pytest.raises(UnreadablePayload, match=reason):
        parse(event(urlencode(fields)))


def test_another_channels_message_is_not_taken_for_a_text_message():
    with pytest.raises(UnreadablePayload, match="whatsapp"):
        parse(event(payload("inbound_whatsapp")))


@pytest.mark.parametrize("content_type", ["application/json", "", "multipart/form-data"])
def test_a_body_that_was_not_signed_as_a_form_is_not_read_as_one(content_type):
    with pytest.raises(UnreadablePayload, match="not a form"):
        parse(event(payload("inbound_text"), content_type=content_type))


NAMES = ["From", "To", "Body", "MessageSid", "NumMedia", "MediaUrl0", "MessageStatus", "ErrorCode"]
VALUES = st.text(max_size=20) | st.sampled_from(["3", "delivered", "failed", "stop", ADA, SM])


@given(st.binary(max_size=300) | st.dictionaries(st.sampled_from(NAMES), VALUES).map(urlencode))
def test_nothing_but_values_or_unreadable_comes_of_any_bytes(body):
    try:
        items = parse(event(body))
    except UnreadablePayload:
        return
    assert all(isinstance(item, InboundMessage | DeliveryUpdate) for item in items)
    for item in items:
        assert item.account or isinstance(item, DeliveryUpdate)
        assert item.external_id
        assert "\0" not in repr(item)
