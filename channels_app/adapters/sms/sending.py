"""Calls to Twilio's Messages resource: send one, find one again, fetch what came with one.

https://www.twilio.com/docs/messaging/api/message-resource. There is no idempotency key: a call
whose answer is lost may have been taken and is looked for, never repeated blindly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from channels_app import http
from channels_app.adapters.sms.errors import as_send_error, refused
from channels_app.errors import SendError
from channels_app.messages import Receipt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from channels_app.messages import OutboundMessage
    from channels_app.models import Channel

API_BASE = "https://api.twilio.com"


@dataclass(frozen=True, slots=True)
class Account:
    """Where and as whom a channel speaks to Twilio."""

    sid: str
    token: str
    number: str
    messaging_service_sid: str
    api_base: str

    @classmethod
    def of(cls, channel: Channel) -> Account:
        """The account of a channel. Its first auth token is the one that speaks."""
        return cls(
            sid=channel.settings.get("account_sid", ""),
            token=channel.secrets.get("auth_token", "").partition(",")[0].strip(),
            number=channel.account,
            messaging_service_sid=channel.settings.get("messaging_service_sid", ""),
            api_base=(channel.settings.get("api_base") or API_BASE).rstrip("/"),
        )

    def get(self, path: str = ".json", **params: str) -> http.Response:
        """Read something of the account."""
        query = f"?{urlencode(params)}" if params else ""
        return http.request("GET", self.url(path) + query, auth=self.auth)

    def url(self, path: str) -> str:
        """The address of something of the account."""
        return f"{self.api_base}/2010-04-01/Accounts/{self.sid}{path}"

    @property
    def auth(self) -> tuple[str, str]:
        """Basic authentication."""
        return self.sid, self.token


def send(account: Account, message: OutboundMessage) -> Receipt:
    """Hand one message to Twilio. Raises SendError."""
    try:
        answer = http.request(
            "POST", account.url("/Messages.json"), auth=account.auth, data=form(account, message)
        )
    except http.ForbiddenAddress as error:
        raise SendError(str(error), channel_is_broken=True) from error
    except http.Unreachable as error:
        raise SendError("Twilio did not answer.", ambiguous=error.sent) from error
    if not 200 <= answer.status < 300:
        raise refused(answer)
    return _receipt(answer)


def form(account: Account, message: OutboundMessage) -> Mapping[str, str | list[str]]:
    """The call's parameters. Raises SendError for a file that Twilio could not fetch."""
    if any(not file.url for file in message.attachments):
        raise SendError("Files need a public address of this desk (PUBLIC_URL).", permanent=True)
    sender = (
        {"MessagingServiceSid": account.messaging_service_sid}
        if account.messaging_service_sid
        else {"From": account.number}
    )
    fields: dict[str, str | list[str]] = {
        "To": message.to,
        **sender,
        "Body": message.text,
        "MediaUrl": [file.url for file in message.attachments],
        "StatusCallback": message.status_url,
    }
    return {name: value for name, value in fields.items() if value}


def _receipt(answer: http.Response) -> Receipt:
    try:
        said: Any = answer.json()
        sid, status = str(said["sid"]), str(said["status"])
    except (ValueError, KeyError, TypeError) as error:
        raise SendError("Twilio's answer could not be read.", ambiguous=True) from error
    if status in {"failed", "undelivered"}:
        raise as_send_error(str(said.get("error_code") or ""), said=said.get("error_message") or "")
    return Receipt(external_id=sid)
