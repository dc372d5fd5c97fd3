"""WhatsApp in the demo: what the pretend Meta knows, and the customer's side of it on the phone."""

from __future__ import annotations

import io
import math
import struct
import wave
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from channels_app import http
from channels_app.models import Channel
from channels_app.pretend.meta_events import Person

if TYPE_CHECKING:
    from inbox.demo.world import Visitor

PHONE_NUMBER_ID = "106540352242922"
WABA_ID = "102290129340398"
SECRET = "pretend"  # noqa: S105 (everything here is)
BODY = {"type": "BODY", "text": "Hello {{1}}, your order {{2}} is ready. Shall we send it?"}
TEMPLATES: list[dict[str, Any]] = [
    {
        "name": "order_ready",
        "language": "en",
        "status": "APPROVED",
        "category": "UTILITY",
        "components": [
            {**BODY, "example": {"body_text": [["Ada", "1042"]]}},
            {"type": "FOOTER", "text": "Lamplight"},
            {
                "type": "BUTTONS",
                "buttons": [
                    {"type": "QUICK_REPLY", "text": "Yes, send it"},
                    {"type": "QUICK_REPLY", "text": "I pick it up"},
                ],
            },
        ],
    },
    {
        "name": "still_there",
        "language": "en",
        "status": "APPROVED",
        "category": "UTILITY",
        "components": [
            {"type": "BODY", "text": "Hello {{first_name}}, may we answer your question now?"}
        ],
    },
    {
        "name": "spring_sale",
        "language": "en",
        "status": "PAUSED",
        "category": "MARKETING",
        "components": [{"type": "BODY", "text": "Spring sale: all lamps, all lit."}],
    },
]


@dataclass(frozen=True, slots=True)
class Bubble:
    """One message on the phone's WhatsApp screen; `kind` picks how it looks, `buttons` can be
    pressed in answer."""

    message_id: str
    text: str
    kind: str
    is_ours: bool
    at: datetime
    buttons: tuple[str, ...] = ()


def person(visitor: Visitor) -> Person:
    """The visitor as WhatsApp knows them."""
    digits = visitor.phone.lstrip("+")
    return Person(phone=digits, user_id=user_id(digits), name=visitor.name)


def user_id(digits: str) -> str:
    """The business-scoped id of whoever has this number."""
    return f"GB.{int(digits) * 7919}"


def screen(visitor: Visitor) -> list[Bubble]:
    """What stands on the visitor's phone, oldest first; looking at it reads it. Raises
    http.Unreachable."""
    query = urlencode({"person": person(visitor).user_id})
    said = _call("GET", f"/pretend/phone?{query}").json()["messages"]
    shown = [_bubble(one) for one in said if one["kind"] not in {"reaction", "system"}]
    return shown[-50:]


def say(visitor: Visitor, kind: str, content: Any, *, file: bytes = b"", answers: str = "") -> None:
    """The visitor writes, sends or presses something: the pretend Meta calls our webhook, signed.
    Raises http.Unreachable."""
    said: dict[str, Any] = {"person": asdict(person(visitor)), "kind": kind, "content": content}
    if file:
        said["file"] = file.hex()
    if answers:
        said["context"] = {"from": PHONE_NUMBER_ID, "id": answers}
    _call("POST", "/pretend/inbound", json=said)


def voice() -> bytes:
    """Somebody hums for two seconds."""
    rate, seconds = 8000, 2
    notes = (220, 247, 262, 294, 262, 247, 220, 196)
    frames = bytearray()
    for position in range(rate * seconds):
        note = notes[position * len(notes) // (rate * seconds)]
        loud = 0.35 * math.sin(math.pi * position / (rate * seconds))
        frames += struct.pack("<h", int(32767 * loud * math.sin(math.tau * note * position / rate)))
    recorded = io.BytesIO()
    with wave.open(recorded, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(bytes(frames))
    return recorded.getvalue()


def _bubble(kept: dict[str, Any]) -> Bubble:
    said = kept["said"].get(kept["kind"]) or {}
    template = _template(said) if kept["kind"] == "template" else None
    return Bubble(
        message_id=kept["id"],
        text=_filled(template, said) if template else _text(kept["kind"], said),
        kind=kept["kind"],
        is_ours=not kept["is_ours"],
        at=datetime.fromtimestamp(kept["at"], UTC),
        buttons=_buttons(template) if template else (),
    )


def _text(kind: str, said: dict[str, Any]) -> str:
    if kind == "location":
        return str(said.get("name") or "My location")
    return str(said.get("body") or said.get("caption") or said.get("text") or "")


def _template(use: dict[str, Any]) -> dict[str, Any] | None:
    return next((one for one in TEMPLATES if one["name"] == use.get("name")), None)


def _filled(template: dict[str, Any], use: dict[str, Any]) -> str:
    text = str(template["components"][0]["text"])
    for part in use.get("components", []):
        for number, one in enumerate(part.get("parameters", []), 1):
            slot = one.get("parameter_name") or str(number)
            text = text.replace("{{" + slot + "}}", str(one.get("text", "")))
    return text


def _buttons(template: dict[str, Any]) -> tuple[str, ...]:
    found = [one for one in template["components"] if one["type"] == "BUTTONS"]
    return tuple(button["text"] for one in found for button in one["buttons"])


def _call(method: str, path: str, *, json: Any = None) -> http.Response:
    channel = Channel.objects.get(kind="whatsapp", account=PHONE_NUMBER_ID)
    headers = {"Authorization": f"Bearer {channel.secrets['access_token']}"}
    url = f"{channel.settings['api_base']}{path}"
    return http.request(method, url, headers=headers, json=json)
