"""Mail: in by IMAP or a mail server's pipe, out by SMTP."""

from __future__ import annotations

from typing import ClassVar

from channels_app.adapters.base import Adapter
from channels_app.adapters.email import checking, keys, sandbox, sending
from channels_app.adapters.email.desk import Desk
from channels_app.adapters.email.form import EmailForm
from channels_app.limits import Limits
from channels_app.messages import (
    CheckResult,
    Inbound,
    OutboundMessage,
    RawEvent,
    Receipt,
)

MAX_FILE = 25 * 1024 * 1024


class EmailAdapter(Adapter):
    """Speaks RFC 5322. Nobody can tell what became of a call that was not answered, so
    `reconcile` stays at "unknown"."""

    kind: ClassVar[str] = "email"
    label: ClassVar[str] = "Email"
    identity_kind: ClassVar[str] = "email"
    limits: ClassVar[Limits] = Limits(max_attachment_size=MAX_FILE, carries_html=True)
    settings_form: ClassVar[type[EmailForm]] = EmailForm

    def content_key(self, body: bytes) -> str:
        return keys.content_key(body)

    def parse(self, event: RawEvent) -> list[Inbound]:
        """One message for any bytes: a mail that can't be read is kept as a file."""
        return [sandbox.read(event.body, desk=self.desk, received_at=event.received_at)]

    def send(self, message: OutboundMessage) -> Receipt:
        return sending.send(self.channel, message)

    def check(self) -> list[CheckResult]:
        return checking.check(self.channel)

    @property
    def desk(self) -> Desk:
        """Our side of the mailbox, as readers see it."""
        settings = self.channel.settings
        return Desk(
            address=self.channel.account,
            form_senders=frozenset(one.lower() for one in settings.get("form_senders", ())),
            trusted_authserv_id=settings.get("trusted_authserv_id", ""),
        )
