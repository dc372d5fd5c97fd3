"""The chat on websites. There is no provider: the desk itself is on the other end of the line."""

from __future__ import annotations

from typing import ClassVar

from channels_app.adapters.base import Adapter
from channels_app.adapters.webchat.form import WebchatForm
from channels_app.limits import Limits
from channels_app.messages import (
    Attempt,
    CheckResult,
    OutboundMessage,
    Receipt,
    Reconciliation,
)

MAX_FILE = 10 * 1024 * 1024


class WebchatAdapter(Adapter):
    """A message is sent as soon as it is committed: the visitor's widget fetches it. It is
    delivered and read when the widget says so."""

    kind: ClassVar[str] = "webchat"
    label: ClassVar[str] = "Web chat"
    identity_kind: ClassVar[str] = "visitor"
    is_chat_like: ClassVar[bool] = True
    limits: ClassVar[Limits] = Limits(max_text=8000, max_attachment_size=MAX_FILE)
    settings_form: ClassVar[type[WebchatForm]] = WebchatForm

    def reaches(self, kind: str, scope: str) -> bool:
        """A visitor, or an account of the website, of this very chat."""
        return kind in ("visitor", "external") and scope == self.channel.key

    def send(self, message: OutboundMessage) -> Receipt:
        return Receipt(message.reference)

    def reconcile(self, attempt: Attempt) -> Reconciliation:
        return Reconciliation("sent", attempt.message.reference)

    def check(self) -> list[CheckResult]:
        origins = self.channel.settings.get("allowed_origins")
        where = ", ".join(origins) if origins else "this desk's own pages only"
        return [CheckResult(f"Shown on {where}", ok=True)]
