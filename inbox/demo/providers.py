"""The demo's outside world as a process: pretend SMS and WhatsApp providers and a
small mail server.

`python -m inbox.demo.providers FILE`: FILE is what `manage.py demo` wrote down of the desk. It
knows nothing of the desk's rows; the desk reaches it like any provider.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from email.message import Message
from pathlib import Path
from types import FrameType
from typing import Any
from uuid import uuid4

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler

from channels_app.pretend import meta_api
from channels_app.pretend.meta import PretendMeta
from channels_app.pretend.meta_events import Line
from channels_app.pretend.server import make_server
from channels_app.pretend.twilio import PretendTwilio


def main(file: Path) -> None:
    """Serve until SIGTERM or SIGINT."""
    world = json.loads(file.read_text())
    signal.signal(signal.SIGTERM, _leave)
    letters = Controller(
        Letterbox(file.parent / "mail"), hostname="127.0.0.1", port=world["smtp_port"]
    )
    letters.start()
    twilio, meta = _twilio(world, file.parent), _meta(world, file.parent)
    servers = [
        make_server(twilio, host="127.0.0.1", port=world["sms_port"]),
        make_server(meta, host="127.0.0.1", port=world["meta_port"], answering=meta_api.answer),
    ]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        for server in servers:
            server.shutdown()
        twilio.stop()
        meta.stop()
        letters.stop()


class Letterbox(MessageHandler):
    """Keeps each mail as a file, named so that names sort by time."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def handle_message(self, message: Message[str, str]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"{time.time_ns():020d}-{uuid4().hex}.eml"
        unfinished = self.folder / f".{name}"
        unfinished.write_bytes(message.as_bytes())
        unfinished.rename(self.folder / name)


def _twilio(world: dict[str, Any], folder: Path) -> PretendTwilio:
    twilio = PretendTwilio(
        world["account_sid"], world["auth_token"], path=folder / "phones.sqlite3"
    )
    twilio.book.own(world["number"], sms_url=world["sms_url"])
    return twilio


def _meta(world: dict[str, Any], folder: Path) -> PretendMeta:
    meta = PretendMeta(
        Line(world["waba_id"], world["phone_number_id"]),
        app_secret=world["app_secret"],
        access_token=world["access_token"],
        path=folder / "whatsapp.sqlite3",
    )
    for template in world["templates"]:
        meta.book.put_template(template)
    meta.webhook = world["whatsapp_url"]
    return meta


def _leave(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main(Path(sys.argv[1]))
