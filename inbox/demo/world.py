"""The customer's side of the demo: a phone and a mailbox that reach the desk by its real doors."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jwt
from django.conf import settings
from django.utils import timezone

from channels_app import http, journal
from channels_app.models import Channel
from inbox import intake, workers
from inbox.demo.desk import ACCOUNT_SID, MAIL, NUMBER
from inbox.demo.stories import ADA_MAIL, ADA_PHONE

AUTHSERV_ID = "demo.example"
MOST_SHOWN = 50
SIGNED_FOR = timedelta(minutes=55)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who plays the customer."""

    name: str
    phone: str
    address: str


@dataclass(frozen=True, slots=True)
class Text:
    """One SMS on the pretend phone."""

    body: str
    is_ours: bool
    status: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail in the pretend mailbox; `name` is the file it lies in."""

    name: str
    sender: str
    subject: str
    text: str
    is_ours: bool
    at: datetime


ADA = Visitor("Ada", ADA_PHONE, ADA_MAIL)


def folder() -> Path:
    """Where the demo's outside world keeps its things."""
    return Path(settings.DATA_DIR) / "demo"


def somebody_new() -> Visitor:
    """A customer nobody has met: a number out of the range reserved for fiction."""
    number = f"{secrets.randbelow(1000):03d}"
    return Visitor(f"Visitor {number}", f"+447700901{number}", f"visitor{number}@demo.example")


def chat() -> Channel | None:
    """The chat on the shop's page."""
    return Channel.objects.filter(kind="webchat", is_active=True).order_by("pk").first()


def signature(visitor: Visitor) -> str:
    """What the shop's server says of its visitor: Ada has signed in, others have not."""
    line = chat()
    if line is None or visitor != ADA:
        return ""
    until = int((timezone.now() + SIGNED_FOR).timestamp())
    said = {"sub": "customer-1", "aud": line.key, "exp": until, "name": visitor.name}
    said |= {"email": visitor.address, "email_verified": True}
    return jwt.encode(said, line.secrets["identity_secret"], algorithm="HS256")


def texts(visitor: Visitor) -> list[Text]:
    """What the visitor's phone shows, oldest first. Raises http.Unreachable."""
    shown = [_text(one, is_ours=True) for one in _sms_list(To=NUMBER, From=visitor.phone)]
    shown += [_text(one, is_ours=False) for one in _sms_list(To=visitor.phone, From=NUMBER)]
    return sorted(shown, key=lambda one: one.at)[-MOST_SHOWN:]


def send_text(visitor: Visitor, body: str, *, picture: bytes = b"", kind: str = "") -> None:
    """The visitor sends an SMS: the pretend provider calls our webhook, signed.
    Raises http.Unreachable."""
    fields: dict[str, str | list[str]] = {"From": visitor.phone, "To": NUMBER, "Body": body}
    if picture:
        fields["MediaUrl"] = [f"data:{kind};base64,{base64.b64encode(picture).decode()}"]
    _call("POST", "/pretend/inbound", data=fields)


def letters(visitor: Visitor) -> list[Letter]:
    """The visitor's mails, oldest first."""
    found = [_read(path) for path in sorted((folder() / "mail").glob("*.eml"))]
    mine = [
        letter
        for letter, mail in found
        if visitor.address in str(mail["To"]) or visitor.address in str(mail["From"])
    ]
    return mine[-MOST_SHOWN:]


def send_letter(visitor: Visitor, *, subject: str, text: str, answers: str = "") -> None:
    """The visitor writes a mail, maybe in answer to one in the mailbox; it comes in by the door
    that a mail server's pipe takes."""
    mail = _written(visitor, subject=subject, text=text)
    answered = folder() / "mail" / Path(answers).name
    if answers and answered.is_file():
        _make_answer(mail, message_from_bytes(answered.read_bytes(), policy=policy.default))
    raw = mail.as_bytes()
    _keep(raw)
    journal.store_mail(Channel.objects.get(kind="email", account=MAIL), raw)
    workers.ask(intake.drain_journal, "mail")


def _written(visitor: Visitor, *, subject: str, text: str) -> EmailMessage:
    mail = EmailMessage()
    mail["Authentication-Results"] = f"{AUTHSERV_ID}; dmarc=pass header.from=demo.example"
    mail["From"] = f"{visitor.name} <{visitor.address}>"
    mail["To"] = MAIL
    mail["Subject"] = " ".join(subject.split())
    mail["Date"] = format_datetime(timezone.now())
    mail["Message-ID"] = make_msgid(domain="demo.example")
    mail.set_content(text)
    return mail


def _make_answer(mail: EmailMessage, answered: EmailMessage) -> None:
    """Answer as mail programs do: to the reply address, with references and a quote."""
    mail.replace_header("To", str(answered["Reply-To"] or answered["From"]))
    mail["In-Reply-To"] = str(answered["Message-ID"])
    chain = f"{answered['References'] or ''} {answered['Message-ID']}"
    mail["References"] = " ".join(chain.split())
    quoted = "\n".join(f"> {line}" for line in _body(answered).splitlines())
    mail.set_content(f"{mail.get_content()}\nOn {answered['Date']}, Parley wrote:\n{quoted}\n")


def _keep(raw: bytes) -> None:
    (folder() / "mail").mkdir(parents=True, exist_ok=True)
    name = f"{int(timezone.now().timestamp() * 1e9):020d}-{secrets.token_hex(8)}.eml"
    (folder() / "mail" / name).write_bytes(raw)


def _read(path: Path) -> tuple[Letter, EmailMessage]:
    mail = message_from_bytes(path.read_bytes(), policy=policy.default)
    letter = Letter(
        name=path.name,
        sender=str(mail["From"]),
        subject=str(mail["Subject"] or ""),
        text=_body(mail).partition("\nOn ")[0].strip(),
        is_ours=MAIL not in str(mail["From"]),
        at=parsedate_to_datetime(str(mail["Date"])),
    )
    return letter, mail


def _body(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    return str(part.get_content()) if part else ""


def _text(sms: dict[str, Any], *, is_ours: bool) -> Text:
    at = parsedate_to_datetime(sms["date_created"])
    return Text(body=sms["body"], is_ours=is_ours, status=sms["status"], at=at)


def _sms_list(**query: str) -> list[dict[str, Any]]:
    path = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json?{urlencode(query)}"
    listed: list[dict[str, Any]] = _call("GET", path).json()["messages"]
    return listed[::-1]


def _call(
    method: str, path: str, *, data: dict[str, str | list[str]] | None = None
) -> http.Response:
    line = Channel.objects.get(kind="sms", account=NUMBER)
    url = f"{line.settings['api_base']}{path}"
    return http.request(method, url, auth=(ACCOUNT_SID, line.secrets["auth_token"]), data=data)
