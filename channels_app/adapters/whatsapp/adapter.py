"""The WhatsApp channel: one phone number of one business account on Meta's Cloud API."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from django.utils import timezone

from channels_app.adapters.base import Adapter
from channels_app.adapters.whatsapp import (
    checking,
    forgetting,
    media,
    parsing,
    people,
    sending,
    signing,
    templates,
)
from channels_app.adapters.whatsapp.about import WINDOW
from channels_app.adapters.whatsapp.account import Account
from channels_app.adapters.whatsapp.form import WhatsAppForm
from channels_app.limits import Limits
from channels_app.messages import Reconciliation

if TYPE_CHECKING:
    from channels_app.messages import (
        Attempt,
        CheckResult,
        Inbound,
        OutboundMessage,
        RawEvent,
        Receipt,
        Template,
        WebhookRequest,
    )

# A status names our own id for this long after a call, if the call was taken at all.
PATIENCE = timedelta(minutes=10)
# https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media#supported-media-types
CARRIED = frozenset(
    {
        *("image/jpeg", "image/png"),
        *("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"),
        *("video/mp4", "video/3gpp"),
        *("text/plain", "application/pdf", "application/msword"),
        *("application/vnd.ms-excel", "application/vnd.ms-powerpoint"),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    }
)
MB = 1024 * 1024


class WhatsAppAdapter(Adapter):
    """Meta calls one address for all numbers of an app; each call says which number it is about."""

    kind = "whatsapp"
    label = "WhatsApp"
    identity_kind = people.USER
    is_chat_like = True
    has_webhook = True
    has_handshake = True
    stored_status = 200  # Meta asks for exactly this one
    verifying_secret = "app_secret"  # noqa: S105 (a setting's name)
    knows_its_account = True
    marks_read = True
    has_aliases = True
    limits: ClassVar = Limits(
        max_text=4096,
        max_attachments=1,
        max_attachment_size=100 * MB,
        sizes={"image": 5 * MB, "audio": 16 * MB, "video": 16 * MB},
        content_types=CARRIED,
        max_caption=1024,
        uncaptioned=frozenset({"audio"}),
        reply_window=WINDOW,
        has_templates=True,
        carries_reactions=True,
        carries_quotes=True,
    )
    settings_form = WhatsAppForm

    def verify(self, request: WebhookRequest) -> None:
        secrets = self.channel.secrets.get("app_secret", "").split(",")
        signing.verify(request, app_secrets=[one for one in secrets if one])

    def handshake(self, request: WebhookRequest) -> bytes | None:
        return signing.challenge(request, verify_token=self.channel.secrets.get("verify_token", ""))

    def parse(self, event: RawEvent) -> list[Inbound]:
        return parsing.parse(event, portfolio=self.channel.settings.get("portfolio_id", ""))

    def without(self, body: bytes, external_id: str) -> bytes:
        return forgetting.without(body, external_id)

    def reaches(self, kind: str, scope: str) -> bool:
        """User ids mean somebody within their portfolio only, phone numbers everywhere."""
        settings = self.channel.settings
        own = settings.get("portfolio_id") or settings.get("waba_id", "")
        return kind == "phone" or (kind == people.USER and scope == own)

    def send(self, message: OutboundMessage) -> Receipt:
        return sending.send(self._account, message)

    def reconcile(self, attempt: Attempt) -> Reconciliation:
        """Nothing can be asked: the status with our id tells, or nobody does."""
        is_early = timezone.now() - attempt.started_at < PATIENCE
        return Reconciliation("wait" if is_early else "unknown")

    def mark_read(self, external_id: str, *, typing: bool = False) -> None:
        sending.mark_read(self._account, external_id, typing=typing)

    def templates(self) -> list[Template]:
        return templates.templates(self._account)

    def fetch_media(self, url: str) -> bytes:
        return media.fetch_media(self._account, url)

    def check(self) -> list[CheckResult]:
        return checking.check(self._account, self.channel)

    @cached_property
    def _account(self) -> Account:
        return Account.of(self.channel)
