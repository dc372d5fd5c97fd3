"""What crosses the border between the desk and a provider: plain frozen values, nothing else.

Adapters turn bytes into these values and these values into provider calls. They carry no
database row, so an adapter can be tested with a recorded payload alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO, Literal

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
    "call",
    "template",
    "unsupported",
]
ReportedStatus = Literal["sent", "delivered", "read", "failed"]
Side = Literal["customer", "us"]


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
    shown_sender: how people know the sender when the first address is a provider's code.
    payload: what is more than text: a place, a contact card, an order, where it came from.
    opens_window_until: until when it lets us answer freely, on channels with a window.
    is_echo: we wrote it ourselves, in the provider's own app; `sender` is whom it went to.
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
    shown_sender: str = ""
    payload: dict[str, Any] = field(default_factory=dict)
    opens_window_until: datetime | None = None
    is_echo: bool = False


@dataclass(frozen=True, slots=True)
class DeliveryUpdate:
    """What a provider says became of a message of ours, found again by the provider's id.

    account: as in InboundMessage; "" for a report that is the called channel's in any case.
    undeliverable, opted_out, channel_is_broken: what a failure says beyond this message, as in
    SendError. closes_window: a free text was refused because its time was over. reference: our
    own id of the message, from providers that give it back; finds a message whose receipt was
    lost. pricing: what the provider bills it as. free_entry_until: until when everything on this
    strand is free.
    """

    account: str
    external_id: str
    status: ReportedStatus
    at: datetime
    error_code: str = ""
    error_text: str = ""
    undeliverable: bool = False
    opted_out: bool = False
    channel_is_broken: bool = False
    closes_window: bool = False
    reference: str = ""
    pricing: dict[str, Any] | None = None
    free_entry_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reaction:
    """Somebody reacted to the message with this external id; an empty emoji takes it back."""

    account: str
    message_id: str
    by: Side
    emoji: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Edit:
    """The author of a message has put another text in its place."""

    account: str
    message_id: str
    by: Side
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Deletion:
    """The author of a message has taken it back."""

    account: str
    message_id: str
    by: Side
    at: datetime


@dataclass(frozen=True, slots=True)
class IdentityChange:
    """A person goes by other addresses from now on; the provider vouches for both.

    previous, current: most specific first; `current` is empty when only the device changed.
    """

    account: str
    previous: tuple[Address, ...]
    current: tuple[Address, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class TemplateUpdate:
    """A provider says that a message template is not what it was. `owner` is the account of
    ours at the provider, which may have several channels."""

    owner: str
    name: str
    language: str
    status: str


@dataclass(frozen=True, slots=True)
class Opening:
    """Somebody opened the chat with us and has said nothing yet; `sender` and `shown_sender` as
    in InboundMessage."""

    account: str
    sender: tuple[Address, ...]
    at: datetime
    shown_sender: str = ""


@dataclass(frozen=True, slots=True)
class Preference:
    """A person may, or may not, be written to for a purpose: they told the provider."""

    account: str
    person: tuple[Address, ...]
    purpose: str
    allowed: bool
    at: datetime
    source: str


@dataclass(frozen=True, slots=True)
class Aside:
    """Something the desk has no place for: said in words in the journal, no failure."""

    words: str


@dataclass(frozen=True, slots=True)
class Unread:
    """A part of an event that could not be read; its other parts count all the same."""

    reason: str


Afterthought = Reaction | Edit | Deletion
News = IdentityChange | Opening | Preference
Inbound = InboundMessage | DeliveryUpdate | Afterthought | News | TemplateUpdate | Aside | Unread


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
class Template:
    """A text the provider has approved for writing first, with its components as it gives them."""

    name: str
    language: str
    status: str
    category: str
    components: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class TemplateUse:
    """A template to be sent, its placeholders filled in the provider's form."""

    name: str
    language: str
    components: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class OutboundMessage:
    """One message of ours, ready to leave.

    reference: our own id of it, stable over retries. attempt: 1 for the first call.
    to: the exact address received from, not the matching key; to_kind: its identity kind.
    template: sent instead of the text, which then only says what it will look like.
    reply_to: the provider's id of the message this one answers. reaction: an emoji to that
    message instead of a text, "" to take it back.
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
    to_kind: str = ""
    template: TemplateUse | None = None
    reply_to: str = ""
    reaction: str | None = None


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
