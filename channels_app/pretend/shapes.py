"""Twilio's JSON: https://www.twilio.com/docs/messaging/api/message-resource and its neighbours."""

from __future__ import annotations

import hashlib
from datetime import datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from channels_app.adapters.sms.segments import segments

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from channels_app.pretend.book import File, Sms

VERSION = "2010-04-01"
Json = dict[str, Any]


def message(sms: Sms, *, account: str) -> Json:
    """A Message."""
    path = f"{_root(account)}/Messages/{sms.sid}"
    is_on_its_way = sms.status in {"queued", "accepted"}
    return {
        "account_sid": account,
        "api_version": VERSION,
        "body": sms.body,
        "date_created": _date(sms.made),
        "date_sent": None if is_on_its_way else _date(sms.made),
        "date_updated": _date(sms.made),
        "direction": sms.direction,
        "error_code": sms.error_code,
        "error_message": None,
        "from": sms.sender,
        "messaging_service_sid": sms.service or None,
        "num_media": str(len(sms.media)),
        "num_segments": str(segments(sms.body).count),
        "price": None,
        "price_unit": "USD",
        "sid": sms.sid,
        "status": sms.status,
        "subresource_uris": {"media": f"{path}/Media.json"},
        "to": sms.to,
        "uri": f"{path}.json",
    }


def page(
    name: str, items: Sequence[Json], *, path: str, query: Mapping[str, str], size: int, number: int
) -> Json:
    """One page of a list."""
    shown = items[number * size : (number + 1) * size]
    has_more = len(items) > (number + 1) * size
    return {
        "end": max(number * size + len(shown) - 1, 0),
        "first_page_uri": _page_uri(path, query, 0),
        "next_page_uri": _page_uri(path, query, number + 1) if has_more else None,
        "page": number,
        "page_size": size,
        "previous_page_uri": _page_uri(path, query, number - 1) if number else None,
        name: shown,
        "start": number * size,
        "uri": _page_uri(path, query, number),
    }


def media(file: File, sms: Sms, *, account: str) -> Json:
    """One of a message's Media."""
    return {
        "account_sid": account,
        "content_type": file.content_type,
        "date_created": _date(sms.made),
        "date_updated": _date(sms.made),
        "parent_sid": sms.sid,
        "sid": file.sid,
        "uri": f"{_root(account)}/Messages/{sms.sid}/Media/{file.sid}.json",
    }


def account(sid: str) -> Json:
    """An Account."""
    return {"sid": sid, "friendly_name": "Pretend", "status": "active", "type": "Full"}


def phone_number(number: str, sms_url: str, *, account: str) -> Json:
    """An IncomingPhoneNumber."""
    return {
        "sid": "PN" + hashlib.sha256(number.encode()).hexdigest()[:32],
        "account_sid": account,
        "phone_number": number,
        "friendly_name": number,
        "sms_url": sms_url,
        "sms_method": "POST",
        "capabilities": {"sms": True, "mms": True, "voice": False, "fax": False},
    }


def error(status: int, code: int, text: str) -> Json:
    """What stands in the body of a refusal."""
    more = f"https://www.twilio.com/docs/errors/{code}"
    return {"code": code, "message": text, "more_info": more, "status": status}


def _root(account: str) -> str:
    return f"/{VERSION}/Accounts/{account}"


def _date(moment: datetime) -> str:
    return format_datetime(moment.replace(microsecond=0))


def _page_uri(path: str, query: Mapping[str, str], number: int) -> str:
    return f"{path}?{urlencode({**query, 'Page': str(number)})}"
