"""The one shape every channel kind has."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, ClassVar

from channels_app.errors import InvalidSignature
from channels_app.limits import Limits
from channels_app.messages import (
    Attempt,
    CheckResult,
    Inbound,
    OutboundMessage,
    RawEvent,
    Receipt,
    Reconciliation,
    Template,
    WebhookRequest,
)

if TYPE_CHECKING:
    from channels_app.forms import ChannelForm
    from channels_app.models import Channel


class Adapter:
    """Speaks one provider's dialect for one configured channel; touches no ticket, no customer.

    A subclass overrides what its provider can do. `channel` gives settings and secrets.
    `verifying_secret` names the secret that proves the provider's calls: an event may only be
    routed to another channel that shares it. `knows_its_account`: what a call says about an
    account that no channel has belongs to nobody, not to the channel that was called.
    `has_aliases`: one person is named by a number here and by an id there.
    """

    kind: ClassVar[str]
    label: ClassVar[str]
    identity_kind: ClassVar[str]
    is_chat_like: ClassVar[bool] = False
    has_webhook: ClassVar[bool] = False
    has_handshake: ClassVar[bool] = False
    stored_status: ClassVar[int] = 204
    verifying_secret: ClassVar[str] = ""
    knows_its_account: ClassVar[bool] = False
    marks_read: ClassVar[bool] = False
    has_aliases: ClassVar[bool] = False
    limits: ClassVar[Limits] = Limits()
    settings_form: ClassVar[type[ChannelForm]]

    def __init__(self, channel: Channel) -> None:
        self.channel = channel

    def verify(self, request: WebhookRequest) -> None:
        """Raise InvalidSignature unless the provider itself made this call."""
        raise InvalidSignature("this channel takes no webhooks")

    def handshake(self, request: WebhookRequest) -> bytes | None:
        """What to answer to a provider that asks whether we are ready for its calls; None when
        it is not the one we wait for."""
        return None

    def event_key(self, request: WebhookRequest) -> str:
        """The provider's id of this event, equal for a repeated delivery; "" when it has none."""
        return ""

    def content_key(self, body: bytes) -> str:
        """A digest that is equal for two copies of one mail, 64 characters at most."""
        return hashlib.sha256(body).hexdigest()

    def parse(self, event: RawEvent) -> list[Inbound]:
        """What the event says. Raises UnreadablePayload; never anything else on any bytes."""
        raise NotImplementedError

    def without(self, body: bytes, external_id: str) -> bytes:
        """An event's body less the words of one message, the rest as it was; parsed again, it
        says nothing of that message. Untouched where nobody can take back what they said."""
        return body

    def send(self, message: OutboundMessage) -> Receipt:
        """Hand the message to the provider. Raises SendError and nothing else."""
        raise NotImplementedError

    def reconcile(self, attempt: Attempt) -> Reconciliation:
        """Find out whether an unanswered call went through. Unknown where nobody can tell."""
        return Reconciliation("unknown")

    def mark_read(self, external_id: str, *, typing: bool = False) -> None:
        """Tell a customer that their message was read, or that we are writing an answer.
        Raises SendError."""
        raise NotImplementedError

    def templates(self) -> list[Template]:
        """Every message template of the account. Raises SendError."""
        raise NotImplementedError

    def reaches(self, kind: str, scope: str) -> bool:
        """Whether an identity of this kind and scope can be written to here."""
        return kind == self.identity_kind

    def segments(self, text: str) -> int:
        """How many paid parts the text takes; 0 where nobody counts them."""
        return 0

    def fetch_media(self, url: str) -> bytes:
        """The bytes of a file that came as an address. Raises SendError, as a call that failed."""
        raise NotImplementedError

    def check(self) -> list[CheckResult]:
        """Try the settings against the provider, in plain words for an admin."""
        raise NotImplementedError
