"""The events Meta sends, as JSON: https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks."""

from __future__ import annotations

import time
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with WhatsApp. One who hides the number is known by the user id alone."""

    phone: str = ""
    user_id: str = ""
    name: str = ""
    parent_id: str = ""
    username: str = ""

    @property
    def contact(self) -> Json:
        """How an event introduces them."""
        profile = _there(name=self.name, username=self.username)
        said = _there(wa_id=self.phone, user_id=self.user_id, parent_user_id=self.parent_id)
        return {"profile": profile, **said}

    def named(self, side: str) -> Json:
        """Their addresses in a message, as the one it is `from` or went `to`."""
        said = {
            side: self.phone,
            f"{side}_user_id": self.user_id,
            f"{side}_parent_user_id": self.parent_id,
        }
        return _there(**said)


@dataclass(frozen=True, slots=True)
class Line:
    """One of our numbers, as events name it."""

    waba_id: str
    phone_number_id: str
    display_phone_number: str = "15550783881"

    def event(self, field: str = "messages", **value: Any) -> Json:
        """A whole call about this number."""
        metadata = {
            "display_phone_number": self.display_phone_number,
            "phone_number_id": self.phone_number_id,
        }
        said = {"messaging_product": "whatsapp", "metadata": metadata, **value}
        return self.bare_event(field, said)

    def bare_event(self, field: str, value: Json) -> Json:
        """A whole call about the account, no number named."""
        change = {"field": field, "value": value}
        entry = {"id": self.waba_id, "time": int(now()), "changes": [change]}
        return {"object": "whatsapp_business_account", "entry": [entry]}


def new_id() -> str:
    """The id of a message."""
    return f"wamid.{token_urlsafe(24)}"


def message(kind: str, content: Any, *, sender: Person, message_id: str = "", **more: Any) -> Json:
    """One message of a customer; `more` is context, referral and the like."""
    said = {"id": message_id or new_id(), "timestamp": now(), "type": kind, **more}
    return {**sender.named("from"), **said, **({} if content is None else {kind: content})}


def echo(kind: str, content: Any, *, to: Person, line: Line, message_id: str = "") -> Json:
    """One message that we wrote in the phone app."""
    return {
        "from": line.display_phone_number,
        **to.named("to"),
        "id": message_id or new_id(),
        "timestamp": now(),
        "type": kind,
        kind: content,
    }


def changed_number(before: Person, after: Person) -> Json:
    """Somebody has another number, and with it another user id."""
    said = {"body": "User changed number", "type": "user_changed_number"}
    ids = _there(
        wa_id=after.phone,
        user_id=after.user_id,
        parent_user_id=after.parent_id,
        previous_user_id=before.user_id,
        previous_parent_user_id=before.parent_id,
    )
    sender = _there(**{"from": before.phone})
    return {**sender, "id": new_id(), "timestamp": now(), "type": "system", "system": said | ids}


def call(person: Person, *, line: Line, seconds: int = 0, **more: Any) -> Json:
    """Somebody called us, and it is over; nobody took it where there are no seconds."""
    started = int(now()) - seconds
    taken = {"start_time": str(started), "end_time": now(), "duration": seconds} if seconds else {}
    return {
        **person.named("from"),
        "to": line.display_phone_number,
        "id": f"wacid.{token_urlsafe(24)}",
        "event": "terminate",
        "direction": "USER_INITIATED",
        "timestamp": now(),
        "status": "COMPLETED" if seconds else "FAILED",
        **taken,
        **more,
    }


def wish(person: Person, value: str) -> Json:
    """Somebody wants no marketing messages ("stop"), or wants them again ("resume")."""
    return {
        **_there(wa_id=person.phone, user_id=person.user_id, parent_user_id=person.parent_id),
        "detail": f"User requested to {value} marketing messages",
        "category": "marketing_messages",
        "value": value,
        "timestamp": int(now()),
    }


def status(name: str, *, message_id: str, to: Person, reference: str, **more: Any) -> Json:
    """What became of a message of ours."""
    recipient = _there(
        recipient_id=to.phone,
        recipient_user_id=to.user_id,
        recipient_parent_user_id=to.parent_id,
        biz_opaque_callback_data=reference,
    )
    return {"id": message_id, "status": name, "timestamp": now(), **recipient, **more}


def error(code: int, title: str) -> Json:
    """An error in a status."""
    return {
        "code": code,
        "title": title,
        "message": title,
        "error_data": {"details": title},
        "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
    }


def now() -> str:
    """Epoch seconds as text."""
    return str(int(time.time()))


def _there(**said: str) -> Json:
    return {name: value for name, value in said.items() if value}
