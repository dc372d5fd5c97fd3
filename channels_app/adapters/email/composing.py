"""One OutboundMessage to one mail. Whatever stands in names, subjects and addresses adds no
header and no recipient."""

from __future__ import annotations

from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from typing import Any

import idna

from channels_app.adapters.email.bodies import label
from channels_app.adapters.email.desk import split
from channels_app.adapters.email.html_text import OUR_MARK
from channels_app.errors import SendError
from channels_app.messages import OutboundFile, OutboundMessage

MAX_REFERENCES = 20
MAX_ID = 250
MAX_SUBJECT = 900
_IDS = frozenset(("message-id", "in-reply-to", "references"))
_NOT_IN_ADDRESSES = frozenset('<>,;:"()[]\\')


class _MailPolicy(EmailPolicy):
    """Folds ids between ids only: the library's own folding encodes the long ones."""

    def fold_binary(self, name: str, value: Any) -> bytes:
        if name.lower() in _IDS:
            return f"{name}: {'\r\n '.join(str(value).split())}\r\n".encode()
        return super().fold_binary(name, value)


POLICY = _MailPolicy(linesep="\r\n", cte_type="7bit")


def compose(message: OutboundMessage, *, account: str) -> EmailMessage:
    """The mail, ready to be sent from our address. Raises SendError for what can't be mailed."""
    mail = EmailMessage(policy=POLICY)
    mail["From"] = _box(account, name=message.sender_name)
    mail["To"] = _box(message.to)
    if message.cc:
        mail["Cc"] = tuple(_box(address) for address in message.cc)
    if message.reply_token:
        mail["Reply-To"] = _box(_with_token(account, message.reply_token), name=message.sender_name)
    mail["Subject"] = _line(message.subject)[:MAX_SUBJECT]
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["Message-ID"] = f"<{message_id_of(message, account=account)}>"
    _add_threading(mail, message)
    if message.is_automatic:
        _mark_automatic(mail, account)
    _add_content(mail, message)
    return mail


def message_id_of(message: OutboundMessage, *, account: str) -> str:
    """The message's own id, else one made of our reference: equal for every try."""
    return message.message_id or f"parley.{message.reference}@{_domain(account)}"


def mailable(address: str) -> str:
    """The address in the form it is written on the wire. Raises SendError when it is none."""
    local, at, domain = address.strip().rpartition("@")
    if not at or not local or not domain or not _is_plain(local) or not _is_plain(domain):
        raise _no_address(address)
    try:
        return f"{local}@{domain if domain.isascii() else idna.encode(domain, uts46=True).decode()}"
    except idna.IDNAError as error:
        raise _no_address(address) from error


def _no_address(address: str) -> SendError:
    shown = _line(address)[:100]
    return SendError(f"“{shown}” is no mail address.", permanent=True, undeliverable=True)


def _is_plain(text: str) -> bool:
    return (
        text.isprintable() and " " not in text and not _NOT_IN_ADDRESSES.intersection(text)
        and "@" not in text and "=?" not in text and len(text) <= 255
    )  # fmt: skip


def _box(address: str, *, name: str = "") -> Address:
    local, _, domain = mailable(address).rpartition("@")
    return Address(display_name=_line(name)[:100], username=local, domain=domain)


def _line(text: str) -> str:
    """One line of printable text, in which nothing is decoded to something else: a line break,
    also an encoded one, is where a forged header would begin."""
    line = "".join(c if c.isprintable() else " " for c in " ".join(text.split()))
    return line.replace("=?", "= ?").strip()


def _with_token(account: str, token: str) -> str:
    local, _, domain = account.rpartition("@")
    return f"{local}+{token}@{domain}"


def _domain(account: str) -> str:
    return split(mailable(account))[1]


def _add_threading(mail: EmailMessage, message: OutboundMessage) -> None:
    """In-Reply-To and References: the first of a long thread and its last ones."""
    answered = _ids([message.in_reply_to])
    named = list(dict.fromkeys(_ids(message.references) + answered))
    if answered:
        mail["In-Reply-To"] = answered[0]
    if len(named) > MAX_REFERENCES:
        named = named[:1] + named[1 - MAX_REFERENCES :]
    if named:
        mail["References"] = " ".join(named)


def _ids(named: Any) -> list[str]:
    """What can stand in a header as an id; customers' mails name all kinds of things."""
    return [f"<{one}>" for one in named if 0 < len(one) <= MAX_ID and _is_id(one)]


def _is_id(text: str) -> bool:
    return text.isascii() and text.isprintable() and not set(" <>").intersection(text)


def _mark_automatic(mail: EmailMessage, account: str) -> None:
    """RFC 3834 and what else keeps machines from answering it."""
    mail["Auto-Submitted"] = "auto-replied"
    mail["X-Auto-Response-Suppress"] = "All"
    mail["Precedence"] = "bulk"
    mail["X-Loop"] = account


def _add_content(mail: EmailMessage, message: OutboundMessage) -> None:
    mail.set_content(_sendable(message.text))
    if message.html:
        # The class is how we know our own words again when they come back as a quote.
        html = f'<div class="{OUR_MARK}">{_sendable(message.html)}</div>'
        mail.add_alternative(html, subtype="html")
    for file in message.attachments:
        _attach(mail, file)


def _sendable(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _attach(mail: EmailMessage, file: OutboundFile) -> None:
    kind, _, subtype = file.content_type.lower().partition("/")
    if kind in ("message", "multipart") or not (kind.isalnum() and _is_subtype(subtype)):
        kind, subtype = "application", "octet-stream"
    name = label(file.name) or "attachment"
    try:
        with file.open() as stream:
            content = stream.read()
    except OSError as error:
        raise SendError(f"The file “{name}” could not be read.", permanent=True) from error
    mail.add_attachment(content, maintype=kind, subtype=subtype, filename=name)


def _is_subtype(text: str) -> bool:
    return bool(text) and text.isascii() and all(c.isalnum() or c in ".+-_" for c in text)
