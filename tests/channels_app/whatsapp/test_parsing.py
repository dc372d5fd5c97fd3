from __future__ import annotations

import copy
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_app.adapters.whatsapp.errors import MEANINGS
from channels_app.adapters.whatsapp.forgetting import without
from channels_app.adapters.whatsapp.parsing import parse
from channels_app.errors import UnreadablePayload
from channels_app.messages import (
    Address,
    Aside,
    Attachment,
    Deletion,
    DeliveryUpdate,
    Edit,
    IdentityChange,
    InboundMessage,
    Opening,
    Preference,
    Reaction,
    TemplateUpdate,
    Unread,
)
from tests.channels_app.whatsapp.conftest import (
    ADA_ID,
    ADA_PHONE,
    NUMBER_ID,
    RECEIVED_AT,
    SAID_AT,
    WABA,
    ada,
    event,
    names,
    payload,
)

SHA = "sha256=OmT4nhjUhCMIPNmj7eeOZeCYjTXkLxoOv85OMCFwSuc%3D"


def inbound(text: str, **more) -> InboundMessage:
    fields = {
        "account": NUMBER_ID,
        "external_id": "wamid.HBgLMQ",
        "dedupe_key": "wamid.HBgLMQ",
        "sender": ada(),
        "shown_sender": ADA_PHONE,
        "text": text,
        "full_text": text,
        "sent_at": SAID_AT,
        "authentication": "pass",
        "opens_window_until": SAID_AT + timedelta(hours=24),
    }
    return InboundMessage(**(fields | more))


def file(name: str, content_type: str, media_id: str) -> dict[str, object]:
    url = f"whatsapp-media:{media_id}?{SHA}"
    return {"attachments": (Attachment(name, content_type, remote_url=url),)}


def update(status: str, **more) -> DeliveryUpdate:
    return DeliveryUpdate(NUMBER_ID, "wamid.HBgLOUR", status, SAID_AT, **more)


def failed(code: str, **more) -> DeliveryUpdate:
    return update("failed", error_code=code, error_text=MEANINGS[code].text, **more)


def interactive(text: str, **said) -> InboundMessage:
    return inbound(
        text,
        kind="interactive",
        payload={"interactive": said},
        references=("wamid.HBgLOUR",),
    )


def call(text: str, *, seconds: int, **more) -> InboundMessage:
    said = {"external_id": "", "dedupe_key": "wacid.HBgLCALL", "kind": "call"}
    return inbound(text, payload={"call": {"seconds": seconds}}, **(said | more))


EXPECTED = {
    "text": [inbound("Is my lamp ready? 💡")],
    "text_without_phone": [inbound("Hello", sender=ada(phone=False), shown_sender="@ada.l")],
    "text_with_parent_id": [inbound("Hello", sender=ada(parent=True))],
    "text_reply": [inbound("Yes, please", references=("wamid.HBgLOUR",))],
    "text_forwarded": [inbound("Look at this", payload={"forwarded": True})],
    "text_from_advertisement": [
        inbound(
            "Is it still on offer?",
            payload={
                "referral": {
                    "source_url": "https://fb.me/abc",
                    "source_type": "ad",
                    "source_id": "120",
                    "headline": "Brass lamps",
                    "body": "Now",
                    "ctwa_clid": "ARAk",
                }
            },
        )
    ],
    "text_about_product": [
        inbound("How tall is it?", references=("wamid.HBgLCAT",), payload={"product": "fjord-2"})
    ],
    "image": [
        inbound("The crack", kind="image", **file("image.jpg", "image/jpeg", "1003383421387256"))
    ],
    "voice_note": [
        inbound(
            "",
            kind="audio",
            payload={"voice": True},
            **file("voice message.ogg", "audio/ogg; codecs=opus", "1908647269898587"),
        )
    ],
    "audio": [inbound("", kind="audio", **file("audio.mp3", "audio/mpeg", "1908647269898588"))],
    "video": [inbound("", kind="video", **file("video.mp4", "video/mp4", "1908647269898589"))],
    "document": [
        inbound(
            "My receipt",
            kind="document",
            **file("receipt.pdf", "application/pdf", "1908647269898590"),
        )
    ],
    "sticker": [
        inbound(
            "",
            kind="sticker",
            payload={"animated": True},
            **file("sticker.webp", "image/webp", "1908647269898591"),
        )
    ],
    "location": [
        inbound(
            "London Eye\nLambeth, London",
            kind="location",
            payload={
                "location": {
                    "latitude": 51.5033,
                    "longitude": -0.1196,
                    "name": "London Eye",
                    "address": "Lambeth, London",
                    "url": "https://example.com/eye",
                }
            },
        )
    ],
    "location_bare": [
        inbound(
            "51.503300, -0.119600",
            kind="location",
            payload={"location": {"latitude": 51.5033, "longitude": -0.1196}},
        )
    ],
    "contacts": [
        inbound(
            "Corner Bakery · +44 7700 900456 · orders@bakery.example",
            kind="contacts",
            payload={
                "contacts": [
                    {
                        "name": "Corner Bakery",
                        "phones": ["+44 7700 900456"],
                        "emails": ["orders@bakery.example"],
                        "company": "Bakery Ltd",
                    }
                ]
            },
        )
    ],
    "contacts_without_name": [
        inbound(
            "+44 7700 900456",
            kind="contacts",
            payload={
                "contacts": [
                    {"name": "", "phones": ["+44 7700 900456"], "emails": [], "company": ""}
                ]
            },
        )
    ],
    "contacts_on_request": [
        inbound(
            "Ada · +44 7700 900123",
            kind="contacts",
            sender=(*ada(phone=False), Address("phone", ADA_PHONE)),
            references=("wamid.HBgLASK",),
            payload={
                "contacts": [
                    {"name": "Ada", "phones": ["+44 7700 900123"], "emails": [], "company": ""}
                ]
            },
        )
    ],
    "button_reply": [interactive("Keep it", type="button_reply", id="keep", title="Keep it")],
    "list_reply": [
        interactive(
            "Friday\n9 to 12", type="list_reply", id="fri", title="Friday", description="9 to 12"
        )
    ],
    "flow_reply": [interactive("order: 1042\nrooms: hall, kitchen\ngift: true", type="nfm_reply")],
    "template_button": [
        inbound(
            "No, thanks",
            kind="interactive",
            payload={"interactive": {"type": "button", "id": "STOP_PROMO", "title": "No, thanks"}},
        )
    ],
    "order": [
        inbound(
            "2 × fjord-2 (49.5 GBP)\n1 × bulb (4 GBP)\nAs a present",
            kind="order",
            payload={
                "order": {
                    "catalog": "194836987003835",
                    "items": [
                        {"product": "fjord-2", "quantity": "2", "price": "49.5 GBP"},
                        {"product": "bulb", "quantity": "1", "price": "4 GBP"},
                    ],
                }
            },
        )
    ],
    "reaction": [Reaction(NUMBER_ID, "wamid.HBgLOUR", "customer", "❤️", SAID_AT)],
    "reaction_removed": [Reaction(NUMBER_ID, "wamid.HBgLOUR", "customer", "", SAID_AT)],
    "edit": [Edit(NUMBER_ID, "wamid.HBgLONE", "customer", "Is my lamp ready now?", SAID_AT)],
    "edit_caption": [Edit(NUMBER_ID, "wamid.HBgLONE", "customer", "The other crack", SAID_AT)],
    "revoke": [Deletion(NUMBER_ID, "wamid.HBgLONE", "customer", SAID_AT)],
    "user_changed_number": [
        IdentityChange(
            NUMBER_ID,
            ada(name=""),
            (Address("whatsapp_user", "GB.2222", WABA), Address("phone", "+447700900124")),
            SAID_AT,
        )
    ],
    "user_changed_user_id": [
        IdentityChange(
            NUMBER_ID,
            ada(name="", phone=False),
            (Address("whatsapp_user", "GB.2222", WABA),),
            SAID_AT,
        )
    ],
    "customer_identity_changed": [IdentityChange(NUMBER_ID, ada(name=""), (), SAID_AT)],
    "unsupported": [
        inbound(
            "",
            kind="unsupported",
            payload={
                "type": "poll",
                "reasons": ["Message type is currently not supported."],
                "raw": {
                    "id": "wamid.HBgLMQ",
                    "timestamp": "1795377600",
                    "type": "unsupported",
                    "unsupported": {"type": "poll"},
                    "errors": [
                        {
                            "code": 131051,
                            "title": "Message type unknown",
                            "message": "Message type unknown",
                            "error_data": {"details": "Message type is currently not supported."},
                        }
                    ],
                },
            },
        )
    ],
    "type_of_the_future": [
        inbound(
            "",
            kind="unsupported",
            payload={
                "type": "hologram",
                "raw": {
                    "id": "wamid.HBgLMQ",
                    "timestamp": "1795377600",
                    "type": "hologram",
                    "hologram": {"id": "77"},
                },
            },
        )
    ],
    "request_welcome": [Opening(NUMBER_ID, ada(), SAID_AT, ADA_PHONE)],
    "call_ringing": [],
    "call_missed": [call("Missed call", seconds=0)],
    "call_answered": [call("Call, 2:05", seconds=125)],
    "call_of_ours": [
        call("Call, 1:05", seconds=65, opens_window_until=None, is_echo=True),
    ],
    "call_of_ours_missed": [Aside("A call of ours was not answered.")],
    "marketing_stopped": [
        Preference(
            NUMBER_ID,
            ada(),
            "marketing",
            allowed=False,
            at=SAID_AT,
            source="WhatsApp: User requested to stop marketing messages",
        )
    ],
    "preference_of_the_future": [Unread("an unknown preference: carrier_pigeons resume")],
    "history": [Aside("Not taken over: older chats of the phone app (history).")],
    "text_in_a_group": [
        inbound("Who knows lamps?", payload={"group": "Y2FwaV9ncm91cA"}, opens_window_until=None)
    ],
    "group_changed": [Aside("Not taken over: news of a group (group_lifecycle_update).")],
    "edit_unreadable": [Unread("an edit of wamid.HBgLMQ holds no message")],
    "status_sent": [
        update(
            "sent",
            reference="42",
            pricing={
                "billable": True,
                "pricing_model": "PMP",
                "type": "regular",
                "category": "utility",
            },
        )
    ],
    "status_delivered": [
        update(
            "delivered",
            pricing={
                "billable": False,
                "pricing_model": "PMP",
                "type": "free_customer_service",
                "category": "service",
            },
        )
    ],
    "status_read": [update("read")],
    "status_played": [update("read")],
    "status_free_entry": [
        update(
            "sent",
            pricing={
                "billable": False,
                "pricing_model": "PMP",
                "type": "free_entry_point",
                "category": "referral_conversion",
            },
            free_entry_until=datetime.fromtimestamp(1795636800, UTC),
        )
    ],
    "status_failed_window": [failed("131047", closes_window=True)],
    "status_failed_undeliverable": [failed("131026", undeliverable=True)],
    "status_failed_payment": [failed("131042", channel_is_broken=True)],
    "status_failed_unknown_code": [
        update("failed", error_code="999999", error_text="Something new.")
    ],
    "status_of_the_future": [Unread("unknown message status 'teleported'")],
    "echo": [
        inbound(
            "I call you in a minute",
            external_id="wamid.HBgLECHO",
            dedupe_key="wamid.HBgLECHO",
            opens_window_until=None,
            is_echo=True,
        )
    ],
    "echo_revoke": [Deletion(NUMBER_ID, "wamid.HBgLECHO", "us", SAID_AT)],
    "errors_alone": [Unread("WhatsApp reports error 130429: (#130429) Rate limit hit")],
    "template_status": [TemplateUpdate(WABA, "order_update", "en_GB", "PAUSED")],
    "template_components": [TemplateUpdate(WABA, "order_update", "en_GB", "")],
    "account_update": [Aside("Meta tells of account_update: VERIFIED_ACCOUNT.")],
    "several_at_once": [
        inbound("One", external_id="wamid.A", dedupe_key="wamid.A"),
        inbound(
            "Two",
            external_id="wamid.B",
            dedupe_key="wamid.B",
            sender=(Address("phone", "+447700900456", name="Corner Bakery"),),
            shown_sender="+447700900456",
        ),
        DeliveryUpdate("99999", "wamid.C", "delivered", SAID_AT),
        TemplateUpdate("7777777", "hello", "de", "APPROVED"),
    ],
}


@pytest.mark.parametrize("name", names())
def test_a_call_becomes_values(name):
    assert parse(event(payload(name))) == EXPECTED[name]


def test_the_portfolio_of_the_settings_is_what_user_ids_are_unique_within():
    (read,) = parse(event(payload("text")), portfolio="777")
    assert read.sender[0] == Address("whatsapp_user", ADA_ID, "777", "Ada")


def test_a_time_from_the_future_opens_no_longer_window_than_now():
    said = json.loads(payload("text"))
    said["entry"][0]["changes"][0]["value"]["messages"][0]["timestamp"] = "99999999999999999999"
    (read,) = parse(event(said))
    assert read.opens_window_until == RECEIVED_AT + timedelta(hours=24)


def test_a_message_without_an_id_is_still_known_again():
    said = json.loads(payload("text"))
    del said["entry"][0]["changes"][0]["value"]["messages"][0]["id"]
    first, second = parse(event(said)) + parse(event(said))
    assert first.dedupe_key == second.dedupe_key != ""


def test_a_message_without_a_sender_is_named_and_the_others_count():
    said = json.loads(payload("several_at_once"))
    del said["entry"][0]["changes"][0]["value"]["messages"][0]["from"]
    del said["entry"][0]["changes"][0]["value"]["messages"][0]["from_user_id"]
    said["entry"][0]["changes"][0]["value"]["contacts"] = []
    read = parse(event(said))
    assert read[0] == Unread("a message names no sender")
    assert [type(one).__name__ for one in read[1:]] == [
        "InboundMessage",
        "DeliveryUpdate",
        "TemplateUpdate",
    ]


@pytest.mark.parametrize("name", names())
def test_a_forgotten_message_says_nothing_and_the_rest_as_before(name):
    gone = "wamid.HBgLMQ"
    read = parse(event(without(payload(name), gone)))
    others = [
        one
        for one in parse(event(payload(name)))
        if gone not in (getattr(one, "external_id", ""), getattr(one, "message_id", ""))
    ]
    told = (InboundMessage, DeliveryUpdate)
    assert [one for one in read if isinstance(one, told)] == [
        one for one in others if isinstance(one, told)
    ]
    assert not any(isinstance(one, Edit) for one in read)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"x"', b"\xff\xfe", b"[" * 100_000, b'{"object": "page"}', b"NaN"]
)
def test_what_is_no_call_of_whatsapp_is_unreadable(body):
    with pytest.raises(UnreadablePayload):
        parse(event(body))


def test_nothing_reaches_the_database_that_it_could_not_keep():
    body = payload("text").replace(b"Is my lamp", b"\\u0000\\ud83d \\ud83d\\udca1 lamp")
    (read,) = parse(event(body))
    assert "\0" not in read.text
    assert "💡" in read.text
    read.text.encode()


leaf = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
anything = st.recursive(
    leaf,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
)


@given(name=st.sampled_from(names()), place=st.randoms(use_true_random=False), instead=anything)
def test_any_damage_to_a_call_is_read_or_called_unreadable(name, place, instead):
    said = json.loads(payload(name))
    damage(said, place, instead)
    try:
        read = parse(event(said))
    except UnreadablePayload:
        return
    for one in read:
        json.dumps(getattr(one, "payload", None), allow_nan=False)


@given(st.binary())
def test_any_bytes_are_read_or_called_unreadable(body):
    with suppress(UnreadablePayload):
        parse(event(body))


def damage(said, place, instead):
    """Put something else into one place of a nested value."""
    nodes = [
        (node, key)
        for node in walk(said)
        for key in (node if isinstance(node, dict) else range(len(node)))
    ]
    node, key = place.choice(nodes)
    node[key] = copy.deepcopy(instead)


def walk(node):
    if isinstance(node, dict | list):
        yield node
        for one in node.values() if isinstance(node, dict) else node:
            yield from walk(one)
