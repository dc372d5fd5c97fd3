from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from channels_app.adapters.email.desk import Desk
from channels_app.adapters.email.reading import read
from channels_app.messages import InboundMessage

PAYLOADS = Path(__file__).parent / "payloads"
RECEIVED_AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DESK = Desk("support@shop.example", trusted_authserv_id="mx.shop.example")

Read = Callable[..., InboundMessage]


@pytest.fixture
def read_mail() -> Read:
    """Read raw bytes, text, or a payload by its name, in this process."""

    def read_it(mail: bytes | str, *, desk: Desk = DESK) -> InboundMessage:
        raw = mail.encode() if isinstance(mail, str) else mail
        return read(raw.lstrip(b"\n"), desk=desk, received_at=RECEIVED_AT)

    return read_it


def payload(name: str) -> bytes:
    return (PAYLOADS / name).read_bytes()
