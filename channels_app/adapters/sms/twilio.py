"""The text message channel, as Twilio speaks it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from channels_app.adapters.base import Adapter
from channels_app.adapters.sms import (
    checking,
    media,
    parsing,
    reconcile,
    segments,
    sending,
    signing,
)
from channels_app.adapters.sms.form import TwilioForm
from channels_app.limits import Limits

if TYPE_CHECKING:
    from channels_app.messages import (
        Attempt,
        CheckResult,
        Inbound,
        OutboundMessage,
        RawEvent,
        Receipt,
        Reconciliation,
        WebhookRequest,
    )

RETRY_TOKEN = "i-twilio-idempotency-token"  # noqa: S105 (a header's name)
# https://www.twilio.com/docs/messaging/guides/accepted-mime-types
CARRIED = frozenset(
    {
        *("image/jpeg", "image/png", "image/gif", "image/bmp", "image/tiff", "image/webp"),
        *("audio/mpeg", "audio/mp4", "audio/ogg", "audio/3gpp", "audio/amr", "audio/webm"),
        *("video/mp4", "video/mpeg", "video/quicktime", "video/webm", "video/3gpp"),
        *("application/pdf", "text/vcard", "text/x-vcard", "text/csv", "text/calendar"),
    }
)


class TwilioAdapter(Adapter):
    """One number (or messaging service) of one Twilio account."""

    kind = "sms"
    label = "SMS"
    identity_kind = "phone"
    is_chat_like = True
    has_webhook = True
    verifying_secret = "auth_token"  # noqa: S105 (a setting's name)
    limits: ClassVar = Limits(
        max_text=1600,
        max_attachments=10,
        max_attachment_size=5_000_000,
        content_types=CARRIED,
        counts_segments=True,
    )
    settings_form = TwilioForm

    def verify(self, request: WebhookRequest) -> None:
        secrets = self.channel.secrets
        keys = [key.partition(":") for key in secrets.get("signing_keys", "").split(",")]
        signing.verify(
            request,
            auth_tokens=secrets.get("auth_token", "").split(","),
            shared_keys=[(name, secret) for name, _, secret in keys],
        )

    def event_key(self, request: WebhookRequest) -> str:
        return request.header(RETRY_TOKEN) or ""

    def parse(self, event: RawEvent) -> list[Inbound]:
        return parsing.parse(event)

    def send(self, message: OutboundMessage) -> Receipt:
        return sending.send(self._account, message)

    def reconcile(self, attempt: Attempt) -> Reconciliation:
        return reconcile.reconcile(self._account, attempt)

    def segments(self, text: str) -> int:
        return segments.segments(text).count

    def fetch_media(self, url: str) -> bytes:
        return media.fetch_media(self._account, url)

    def check(self) -> list[CheckResult]:
        return checking.check(self._account, webhook_url=self.channel.webhook_url)

    @cached_property
    def _account(self) -> sending.Account:
        return sending.Account.of(self.channel)
