from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from channels_app.messages import Address, OutboundMessage, RawEvent, WebhookRequest

PAYLOADS = Path(__file__).parent / "payloads"
WABA = "102290129340398"
NUMBER_ID = "106540352242922"
ADA_ID = "GB.13491208655302741918"
ADA_PARENT = "GB.ENT.11815799212886844830"
ADA_PHONE = "+447700900123"
SAID_AT = datetime.fromtimestamp(1795377600, UTC)
RECEIVED_AT = datetime(2026, 11, 22, 23, tzinfo=UTC)


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


def names() -> list[str]:
    return sorted(path.stem for path in PAYLOADS.glob("*.json"))


def event(body: bytes | dict[str, Any]) -> RawEvent:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return RawEvent("webhook", raw, {"content-type": "application/json"}, "", RECEIVED_AT)


def ada(*, parent: bool = False, phone: bool = True, name: str = "Ada") -> tuple[Address, ...]:
    found = [("whatsapp_user", ADA_PARENT, WABA)] if parent else []
    found += [("whatsapp_user", ADA_ID, WABA)]
    found += [("phone", ADA_PHONE, "")] if phone else []
    return tuple(Address(kind, value, scope, name) for kind, value, scope in found)


def message(text: str = "On its way", **more: Any) -> OutboundMessage:
    said = {"reference": "42", "to": ADA_PHONE, "to_kind": "phone", "text": text}
    return OutboundMessage(**(said | more))


def webhook(
    body: bytes = b"", *headers: tuple[str, str], method: str = "POST", query: str = ""
) -> WebhookRequest:
    url = "https://desk.example/webhooks/key/" + (f"?{query}" if query else "")
    return WebhookRequest(method, url, query, headers, body)
