"""A pretend Meta: one WhatsApp business account that takes messages, delivers them and calls
back, signed."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from functools import partial
from secrets import token_hex
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import httpx

from channels_app.adapters.whatsapp.signing import SIGNATURE, sign
from channels_app.pretend import meta_events as events
from channels_app.pretend import meta_rules
from channels_app.pretend.calls import SECONDS, Clockwork
from channels_app.pretend.faults import Faults
from channels_app.pretend.meta_book import Kept, MetaBook
from channels_app.pretend.meta_events import Line, Person

if TYPE_CHECKING:
    from pathlib import Path

Json = dict[str, Any]
PACE = 0.4
WINDOW = 24 * 3600.0
WITHOUT_STATUS = {"reaction"}


class Refused(Exception):
    """Meta does not take this message: its code and words."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class PretendMeta:
    """The account. `pace`: seconds between the steps of a message on its way; `window` and
    `address_lifetime`: seconds a window, and an address of a file, stay open.

    `url` is the address of its API once it is served, `webhook` the desk's; set `faults` to let
    things go wrong. `journal` has every call to the messages resource, refused ones too.
    """

    def __init__(
        self,
        line: Line | None = None,
        *,
        app_secret: str = "",
        access_token: str = "",
        path: Path | str = ":memory:",
        pace: float = PACE,
    ) -> None:
        self.line = line or Line("102290129340398", "106540352242922")
        self.app_secret = app_secret or token_hex(16)
        self.access_token = access_token or token_hex(24)
        self.book = MetaBook(path)
        self.faults = Faults()
        self.pace = pace
        self.window = WINDOW
        self.address_lifetime = 300.0
        self.media_lies: Json = {}
        self.journal: list[Json] = []
        self.addresses: dict[str, tuple[str, float]] = {}
        self.webhook = ""
        self.url = ""
        self._client = httpx.Client(
            timeout=SECONDS, limits=httpx.Limits(max_keepalive_connections=0), trust_env=False
        )
        self._clock = Clockwork()
        self._lock = threading.Lock()

    @property
    def accepted(self) -> list[Kept]:
        """Every message taken from the desk, in order."""
        return [one for one in self.book.messages() if one.is_ours]

    def subscribe(self, webhook: str, *, verify_token: str) -> bool:
        """Ask the desk for its handshake; from then on it is called."""
        challenge = token_hex(8)
        asked = {"hub.mode": "subscribe", "hub.challenge": challenge}
        query = urlencode(asked | {"hub.verify_token": verify_token})
        answer = self._client.get(f"{webhook}?{query}")
        if answer.status_code != 200 or answer.text != challenge:
            return False
        self.webhook = webhook
        return True

    def take(self, said: Json) -> Json:
        """Take a message from the desk and set it on its way. Raises Refused."""
        refusal = meta_rules.refusal(said, book=self.book)
        if refusal is not None:
            raise Refused(*refusal)
        address = str(said.get("to") or said["recipient"]).lstrip("+")
        found = self.book.find(address)
        key, person = found or self._stranger(said, address)
        kept = Kept(
            events.new_id(), key, is_ours=True, kind=said["type"], said=said, at=time.time()
        )
        self.book.keep(kept)
        if said["type"] not in WITHOUT_STATUS:
            self._clock.later(self.pace, partial(self._carry, kept, person))
        contact = {"input": address, "wa_id": person.phone, "user_id": person.user_id}
        return {
            "messaging_product": "whatsapp",
            "contacts": [{name: value for name, value in contact.items() if value}],
            "messages": [{"id": kept.message_id, "message_status": "accepted"}],
        }

    def say(self, person: Person, kind: str, content: Any, **more: Any) -> tuple[str, int]:
        """Somebody writes: the id of the message, and how the desk answered its webhook."""
        key = self.book.meet(person)
        said = events.message(kind, content, sender=person, **more)
        if kind not in {"reaction", "edit", "revoke", "system"}:
            self.book.heard(key, at=time.time())
        self.book.keep(Kept(said["id"], key, is_ours=False, kind=kind, said=said, at=time.time()))
        event = self.line.event(contacts=[person.contact], messages=[said])
        return said["id"], self.call(event)

    def send_file(self, person: Person, kind: str, content: bytes, **said: Any) -> tuple[str, int]:
        """Somebody sends a file; `said` has its mime_type, a caption, a filename, voice."""
        media = self.book.store(content, content_type=said["mime_type"])
        told = {"id": media.media_id, "sha256": media.digest, **said}
        return self.say(person, kind, told | self.media_lies.get("event", {}))

    def change_number(self, before: Person, after: Person) -> int:
        """Somebody has a new number: the event that says so."""
        self.book.meet(after)
        return self.call(self.line.event(messages=[events.changed_number(before, after)]))

    def write_on_the_phone(self, person: Person, text: str, *, message_id: str = "") -> int:
        """We write in the phone app, and the desk is told."""
        self.book.meet(person)
        said = events.echo("text", {"body": text}, to=person, line=self.line, message_id=message_id)
        contacts = [person.contact]
        return self.call(
            self.line.event("smb_message_echoes", contacts=contacts, message_echoes=[said])
        )

    def judge_template(self, template: Json, *, event: str) -> int:
        """Meta changes its mind on a template, and the desk is told."""
        self.book.put_template({**template, "status": event})
        said = {
            "event": event,
            "message_template_id": 1,
            "message_template_name": template["name"],
            "message_template_language": template["language"],
            "reason": "NONE",
        }
        return self.call(self.line.bare_event("message_template_status_update", said))

    def read(self, person: Person) -> None:
        """Somebody looks at their phone: what lies there is read."""
        key = self.book.meet(person)
        for kept in self.book.messages(key):
            if kept.is_ours and kept.status == "delivered":
                self._report(kept, person, "read")

    def call(self, event: Json) -> int:
        """Make one signed call and return the status; 0 when there was no answer."""
        body = json.dumps(event).encode()
        headers = {
            SIGNATURE: sign(body, secret=self.app_secret),
            "Content-Type": "application/json",
        }
        try:
            return self._client.post(self.webhook, content=body, headers=headers).status_code
        except httpx.HTTPError:
            return 0

    def stop(self) -> None:
        """End every thread and connection; messages on their way stay where they are."""
        self._clock.stop()
        self._client.close()
        self.book.close()

    def note(self, call: Json) -> None:
        """Enter a call in the journal."""
        with self._lock:
            self.journal.append(call)

    def _stranger(self, said: Json, address: str) -> tuple[str, Person]:
        person = Person(phone=address) if "to" in said else Person(user_id=address)
        return self.book.meet(person), person

    def _carry(self, kept: Kept, person: Person) -> None:
        """One message on its way: sent and delivered, or not."""
        code = self.faults.undelivered.get(person.phone or person.user_id)
        is_free = kept.kind != "template"
        if code is None and is_free and not self.book.is_open(kept.person, window=self.window):
            code = 131047
        if code is not None:
            self._report(kept, person, "failed", errors=[events.error(code, f"Error {code}")])
            return
        steps = ["sent", "delivered"]
        for number, name in enumerate(reversed(steps) if self.faults.shuffles else steps):
            self._clock.later(number * self.pace, partial(self._report, kept, person, name))

    def _report(self, kept: Kept, person: Person, name: str, **more: Any) -> None:
        self.book.keep(replace(kept, status=name))
        if name in {"sent", "delivered"}:
            category = "utility" if kept.kind == "template" else "service"
            more["pricing"] = {
                "billable": kept.kind == "template",
                "pricing_model": "PMP",
                "type": "regular" if kept.kind == "template" else "free_customer_service",
                "category": category,
            }
        said = events.status(
            name,
            message_id=kept.message_id,
            to=person,
            reference=kept.said.get("biz_opaque_callback_data", ""),
            **more,
        )
        event = self.line.event(contacts=[person.contact], statuses=[said])
        for _ in range(self.faults.callback_copies):
            self.call(event)
