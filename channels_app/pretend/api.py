"""The pretend provider's resources: a call in, an answer out, no sockets."""

from __future__ import annotations

import base64
import hmac
import json
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from channels_app.pretend import shapes
from channels_app.pretend.twilio import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from channels_app.pretend.faults import Fault
    from channels_app.pretend.twilio import PretendTwilio

MOST_ON_A_PAGE = 1000
USUAL_PAGE = 50


class Dropped(Exception):
    """The connection ends without an answer."""


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP call. Of a repeated parameter `query` and `fields` hold the first value;
    `media_urls` holds every MediaUrl."""

    method: str
    path: str
    authorization: str = ""
    query: dict[str, str] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    media_urls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


def answer(twilio: PretendTwilio, call: Call) -> Answer:
    """Do what is called for. Only the store of files answers without authentication.

    Raises Dropped.
    """
    act, named = _route(call)
    if act is None:
        return _not_found()
    if act is not stored_file and not _is_known(twilio, call):
        return refuse(401, 20003, "Authenticate")
    if named.pop("account", twilio.account_sid) != twilio.account_sid:
        return _not_found()
    try:
        return act(twilio, call, **named)
    except KeyError:
        return _not_found()


def create_message(twilio: PretendTwilio, call: Call) -> Answer:
    fault = twilio.faults.next_send()
    if not fault.takes:
        return _gone_wrong(fault)
    try:
        sms = twilio.take(call.fields, media_urls=call.media_urls)
    except Refused as refusal:
        return refuse(400, refusal.code, refusal.text)
    if fault.drops or fault.status:
        return _gone_wrong(fault)
    time.sleep(fault.delay)
    return _json(201, shapes.message(sms, account=twilio.account_sid))


def list_messages(twilio: PretendTwilio, call: Call) -> Answer:
    """Newest first, narrowed by To, From and the day of DateSent."""
    if twilio.faults.hides_list:
        return refuse(503, 20503, "Service unavailable")
    found = twilio.book.messages(to=call.query.get("To", ""), sender=call.query.get("From", ""))
    day = call.query.get("DateSent", "")[:10]
    shown = [sms for sms in reversed(found) if sms.made.date().isoformat().startswith(day)]
    return _page(call, messages=[shapes.message(sms, account=twilio.account_sid) for sms in shown])


def show_message(twilio: PretendTwilio, _call: Call, message: str) -> Answer:
    return _json(200, shapes.message(twilio.book.find(message), account=twilio.account_sid))


def list_media(twilio: PretendTwilio, call: Call, message: str) -> Answer:
    sms = twilio.book.find(message)
    files = [twilio.book.file(sid) for sid in sms.media]
    return _page(
        call, media_list=[shapes.media(file, sms, account=twilio.account_sid) for file in files]
    )


def show_media(twilio: PretendTwilio, _call: Call, message: str, media: str) -> Answer:
    file, sms = twilio.book.file(media), twilio.book.find(message)
    return _json(200, shapes.media(file, sms, account=twilio.account_sid))


def media_content(twilio: PretendTwilio, _call: Call, message: str, media: str) -> Answer:
    """The account's door to a file leads on to where files are stored."""
    twilio.book.find(message)
    address = f"{twilio.url}/stored/{twilio.book.file(media).sid}"
    return Answer(307, b"", headers={"Location": address})


def stored_file(twilio: PretendTwilio, _call: Call, media: str) -> Answer:
    file = twilio.book.file(media)
    return Answer(200, file.content, content_type=file.content_type)


def show_account(twilio: PretendTwilio, _call: Call) -> Answer:
    return _json(200, shapes.account(twilio.account_sid))


def list_numbers(twilio: PretendTwilio, call: Call) -> Answer:
    wanted, account = call.query.get("PhoneNumber", ""), twilio.account_sid
    owned = twilio.book.numbers().items()
    found = [(number, url) for number, url in owned if wanted in {"", number}]
    return _page(
        call,
        incoming_phone_numbers=[
            shapes.phone_number(number, url, account=account) for number, url in found
        ],
    )


def create_number(twilio: PretendTwilio, call: Call) -> Answer:
    """Get a number, or say anew where its messages go."""
    number, url = call.fields["PhoneNumber"], call.fields.get("SmsUrl", "")
    twilio.book.own(number, sms_url=url)
    return _json(201, shapes.phone_number(number, url, account=twilio.account_sid))


def customer_writes(twilio: PretendTwilio, call: Call) -> Answer:
    """None of Twilio's: a pretend phone sends From, To, Body, and files as data: addresses."""
    received = twilio.receive(
        call.fields.get("Body", ""),
        sender=call.fields["From"],
        to=call.fields["To"],
        media=[_from_data_url(url) for url in call.media_urls],
    )
    return _json(201, {"sid": received.sms.sid, "webhook_status": received.status})


def refuse(status: int, code: int, text: str, *, headers: dict[str, str] | None = None) -> Answer:
    """A refusal in Twilio's form."""
    body = json.dumps(shapes.error(status, code, text)).encode()
    return Answer(status, body, headers=headers or {})


def _route(call: Call) -> tuple[Callable[..., Answer] | None, dict[str, str]]:
    for method, pattern, act in ROUTES:
        match = re.fullmatch(pattern, call.path)
        if method == call.method and match:
            return act, match.groupdict()
    return None, {}


def _is_known(twilio: PretendTwilio, call: Call) -> bool:
    known = base64.b64encode(f"{twilio.account_sid}:{twilio.auth_token}".encode())
    return hmac.compare_digest(b"Basic " + known, call.authorization.encode())


def _gone_wrong(fault: Fault) -> Answer:
    time.sleep(fault.delay)
    if fault.drops:
        raise Dropped
    wait = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    return refuse(fault.status, fault.code, "Pretended", headers=wait)


def _page(call: Call, **items: list[shapes.Json]) -> Answer:
    ((name, shown),) = items.items()
    query = {key: value for key, value in call.query.items() if key != "Page"}
    size = min(int(query.get("PageSize", USUAL_PAGE)), MOST_ON_A_PAGE)
    number = int(call.query.get("Page", 0))
    page = shapes.page(name, shown, path=call.path, query=query, size=size, number=number)
    return _json(200, page)


def _json(status: int, said: Any) -> Answer:
    return Answer(status, json.dumps(said).encode())


def _not_found() -> Answer:
    return refuse(404, 20404, "The requested resource was not found")


def _from_data_url(url: str) -> tuple[str, bytes]:
    kind, _, content = url.removeprefix("data:").partition(";base64,")
    return kind, base64.b64decode(content)


_ACCOUNT = rf"/{shapes.VERSION}/Accounts/(?P<account>\w+)"
_MESSAGE = rf"{_ACCOUNT}/Messages/(?P<message>\w+)"
ROUTES: list[tuple[str, str, Callable[..., Answer]]] = [
    ("POST", rf"{_ACCOUNT}/Messages\.json", create_message),
    ("GET", rf"{_ACCOUNT}/Messages\.json", list_messages),
    ("GET", rf"{_MESSAGE}\.json", show_message),
    ("GET", rf"{_MESSAGE}/Media\.json", list_media),
    ("GET", rf"{_MESSAGE}/Media/(?P<media>\w+)\.json", show_media),
    ("GET", rf"{_MESSAGE}/Media/(?P<media>\w+)", media_content),
    ("GET", r"/stored/(?P<media>\w+)", stored_file),
    ("GET", rf"{_ACCOUNT}\.json", show_account),
    ("GET", rf"{_ACCOUNT}/IncomingPhoneNumbers\.json", list_numbers),
    ("POST", rf"{_ACCOUNT}/IncomingPhoneNumbers\.json", create_number),
    ("POST", r"/pretend/inbound", customer_writes),
]
