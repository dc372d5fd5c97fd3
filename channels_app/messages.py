"""What crosses the border between the desk and a provider: plain frozen values, nothing else.

Adapters turn bytes into these values and these values into provider calls. They carry no
database row, so an adapter can be tested with a recorded payload alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO, Literal

Authentication = Literal["pass", "none", "fail"]
Keyword = Literal["stop", "start", "help"]
MessageKind = Literal[
    "text",
    "image",
    "audio",
    "video",
    "document",
    "sticker",
    "location",
    "contacts",
    "interactive",
    "order",
    "template",
    "unsupported",
]
ReportedStatus = Literal["sent", "delivered", "read", "failed"]


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """One HTTP call of a provider, bytes as they came.

    `url` is the public address the provider called (PUBLIC_URL + path + query), because
    signatures are computed over it. Header names are lower case; a header sent twice is
    there twice.
    """

    method: str
    url: str
    query_string: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """The header's value; None when it is missing, empty or was sent more than once."""
        values = [value for key, value in self.headers if key == name]
        return values[0] or None if len(values) == 1 else None


@dataclass(frozen=True, slots=True)
class RawEvent:
    """A stored event as an adapter reads it: the journal row without the row."""

    source: Literal["webhook", "mail"]
    body: bytes
    headers: dict[str, str]
    query_string: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Address:
    """One address of a person. `kind` is an identity kind: email, phone, sms_sender …"""

    kind: str
    value: str
    scope: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came in, either with its bytes or as an address to fetch in a worker.

    Exactly one of `content` and `remote_url` is set. `name` is a label, never a path.
    """

    name: str
    content_type: str
    content: bytes | None = None
    remote_url: str = ""
    content_id: str = ""
    is_inline: bool = False


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mail address with its display name, as a header showed it."""

    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """The headers of a mail that people and threading need, decoded."""

    sender: Mailbox | None
    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()
    reply_to: tuple[Mailbox, ...] = ()
    message_id: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    original_sender: Mailbox | None = None


@dataclass(frozen=True, slots=True)
class Bounce:
    """A delivery report about a mail of ours; `permanent` for a 5.x.x or "failed" report."""

    recipients: tuple[str, ...]
    permanent: bool
    reason: str
    original_message_id: str = ""


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """One thing a customer said.

    account: our own address or number it was sent to; routes it to a channel.
    external_id: the provider's id of this message ("" when there is none).
    dedupe_key: equal for two deliveries of the same message, different otherwise; never empty.
    sender: who said it, most specific identity first; the first is where an answer goes
        unless `reply_address` says otherwise.
    is_claimed: the sender was typed by somebody (a web form), not proven by the provider.
    text: what was newly said; full_text: everything; html: sanitised or "".
    references: ids of messages this one answers, most specific first.
    reply_tokens: candidates for our signed token, unverified.
    is_unreadable: the bytes could not be parsed; they are attached as a file.
    """

    account: str
    dedupe_key: str
    sender: tuple[Address, ...]
    text: str
    sent_at: datetime
    external_id: str = ""
    kind: MessageKind = "text"
    subject: str = ""
    full_text: str = ""
    html: str = ""
    attachments: tuple[Attachment, ...] = ()
    references: tuple[str, ...] = ()
    reply_tokens: tuple[str, ...] = ()
    reply_address: str = ""
    authentication: Authentication = "none"
    is_automatic: bool = False
    is_claimed: bool = False
    is_unreadable: bool = False
    bounce: Bounce | None = None
    keyword: Keyword | None = None
    envelope: Envelope | None = None


@dataclass(frozen=True, slots=True)
class DeliveryUpdate:
    """What a provider says became of a message of ours, found again by the provider's id.

    undeliverable, opted_out: what a failure says about the address, as in SendError.
    """

    account: str
    external_id: str
    status: ReportedStatus
    at: datetime
    error_code: str = ""
    error_text: str = ""
    undeliverable: bool = False
    opted_out: bool = False


Inbound = InboundMessage | DeliveryUpdate


@dataclass(frozen=True, slots=True)
class OutboundFile:
    """A file to send. `open` gives a fresh binary stream; `url` is a public, signed, short-lived
    address for providers that fetch media themselves."""

    name: str
    content_type: str
    size: int
    open: Callable[[], BinaryIO]
    url: str = ""


@dataclass(frozen=True, slots=True)
class OutboundMessage:
    """One message of ours, ready to leave.

    reference: our own id of it, stable over retries. attempt: 1 for the first call.
    to: the exact address received from, not the matching key.
    message_id, in_reply_to, references, reply_token, cc, subject, html: mail only.
    status_url: where the provider reports what became of it ("" without webhooks).
    """

    reference: str
    to: str
    text: str
    attempt: int = 1
    html: str = ""
    subject: str = ""
    sender_name: str = ""
    cc: tuple[str, ...] = ()
    attachments: tuple[OutboundFile, ...] = ()
    message_id: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    reply_token: str = ""
    is_automatic: bool = False
    status_url: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The provider took the message. `external_id` is what later updates will name."""

    external_id: str
    status: ReportedStatus = "sent"


@dataclass(frozen=True, slots=True)
class Attempt:
    """A call whose answer never came: what `reconcile` has to go by.

    known_ids: external ids of other messages of ours, which this one can't be.
    """

    message: OutboundMessage
    started_at: datetime
    known_ids: frozenset[str] = frozenset()


Outcome = Literal["sent", "not_sent", "unknown", "wait"]


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What could be found out about an unanswered call; `external_id` only with "sent"."""

    outcome: Outcome
    external_id: str = ""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One line of "check connection": what was tried, whether it holds, what to do if not."""

    label: str
    ok: bool
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a channel can carry. Lengths in characters, sizes in bytes; 0 = no limit."""

    max_text: int = 0
    max_attachments: int = 0
    max_attachment_size: int = 0
    content_types: frozenset[str] = field(default_factory=frozenset)
    carries_html: bool = False
    counts_segments: bool = False
