"""The parameters of Twilio's calls: an inbound message, a message's new status."""

from __future__ import annotations

from typing import TYPE_CHECKING

from channels_app.adapters.sms.segments import segments
from channels_app.pretend.shapes import VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from channels_app.pretend.book import Sms

Fields = dict[str, str]


def inbound(sms: Sms, *, account: str, media: Sequence[tuple[str, str]]) -> Fields:
    """A customer's message; `media` holds content type and address of each file."""
    fields = {
        **dict.fromkeys(["ToCountry", "ToState", "ToCity", "ToZip"], ""),
        **dict.fromkeys(["FromCountry", "FromState", "FromCity", "FromZip"], ""),
        **_names(sms, account),
        "SmsMessageSid": sms.sid,
        "SmsStatus": "received",
        "Body": sms.body,
        "NumMedia": str(len(media)),
        "NumSegments": str(max(segments(sms.body).count, 1)),
    }
    for index, (content_type, url) in enumerate(media):
        fields[f"MediaContentType{index}"] = content_type
        fields[f"MediaUrl{index}"] = url
    return fields


def status(sms: Sms, *, account: str) -> Fields:
    """What became of a message so far."""
    fields = {**_names(sms, account), "SmsStatus": sms.status, "MessageStatus": sms.status}
    if sms.service:
        fields["MessagingServiceSid"] = sms.service
    if sms.error_code:
        fields["ErrorCode"] = str(sms.error_code)
    return fields


def _names(sms: Sms, account: str) -> Fields:
    return {
        "MessageSid": sms.sid,
        "SmsSid": sms.sid,
        "AccountSid": account,
        "From": sms.sender,
        "To": sms.to,
        "ApiVersion": VERSION,
    }
