"""The pretend Meta's Graph API: a request in, an answer out, no sockets."""

from __future__ import annotations

import email
import json
import re
import time
from email import policy
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from channels_app.pretend.api import Answer, Dropped
from channels_app.pretend.meta import Refused
from channels_app.pretend.meta_events import Person

if TYPE_CHECKING:
    from collections.abc import Callable

    from channels_app.pretend.faults import Fault
    from channels_app.pretend.meta import PretendMeta
    from channels_app.pretend.server import Asked

Json = dict[str, Any]


def answer(meta: PretendMeta, asked: Asked) -> Answer:
    """Do what is asked for, for the account's own token only. Raises Dropped."""
    act, named = _route(asked)
    if act is None:
        return refuse(404, 100, f"Unknown path components: {asked.path}")
    if asked.headers.get("authorization") != f"Bearer {meta.access_token}":
        return refuse(401, 190, "Invalid OAuth access token.")
    if named.get("number", meta.line.phone_number_id) != meta.line.phone_number_id:
        return refuse(400, 33, "Object does not exist, or missing permissions")
    if named.get("waba", meta.line.waba_id) != meta.line.waba_id:
        return refuse(400, 33, "Object does not exist, or missing permissions")
    return act(meta, asked, **{k: v for k, v in named.items() if k not in {"number", "waba"}})


def messages(meta: PretendMeta, asked: Asked) -> Answer:
    """A message to somebody, or the sign that theirs was read."""
    said = _json(asked)
    meta.note(said)
    if said.get("status") == "read":
        known = meta.book.message(str(said.get("message_id")))
        return _ok({"success": True}) if known else refuse(400, 100, "Invalid parameter")
    fault = meta.faults.next_send()
    if not fault.takes:
        return _gone_wrong(fault)
    try:
        taken = meta.take(said)
    except Refused as refusal:
        return refuse(400, refusal.code, refusal.text)
    if fault.drops or fault.status:
        return _gone_wrong(fault)
    time.sleep(fault.delay)
    return _ok(taken)


def upload(meta: PretendMeta, asked: Asked) -> Answer:
    """A file in a form."""
    head = f"Content-Type: {asked.headers.get('content-type', '')}\r\n\r\n".encode()
    form = email.message_from_bytes(head + asked.body, policy=policy.default)
    parts = {
        str(part.get_param("name", header="content-disposition")): part
        for part in form.iter_parts()
    }
    if "file" not in parts or parts.get("messaging_product") is None:
        return refuse(400, 100, "(#100) The parameter file is required.")
    content = parts["file"].get_payload(decode=True)
    if not isinstance(content, bytes):
        return refuse(400, 100, "(#100) The parameter file is required.")
    kind = parts["file"].get_content_type()
    return _ok({"id": meta.book.store(content, content_type=kind).media_id})


def media(meta: PretendMeta, _asked: Asked, media_id: str) -> Answer:
    """Where a file is, for five minutes."""
    found = meta.book.media(media_id)
    if found is None:
        return refuse(400, 100, f"Unsupported get request. Object with ID '{media_id}'")
    address = token_hex(8)
    meta.addresses[address] = (media_id, time.time() + meta.address_lifetime)
    said = {
        "messaging_product": "whatsapp",
        "url": f"{meta.url}/attachments/{address}",
        "mime_type": found.content_type,
        "sha256": found.sha256,
        "file_size": str(len(found.content)),
        "id": media_id,
    }
    return _ok(said | meta.media_lies.get("answer", {}))


def attachment(meta: PretendMeta, _asked: Asked, address: str) -> Answer:
    """A file itself; an address that is too old is no address."""
    media_id, until = meta.addresses.get(address, ("", 0.0))
    found = meta.book.media(media_id) if time.time() < until else None
    if found is None:
        return refuse(404, 100, "URL expired")
    content = meta.media_lies.get("content", found.content)
    return Answer(200, content, content_type=found.content_type)


def templates(meta: PretendMeta, asked: Asked) -> Answer:
    """The account's templates, page by page."""
    size = int(asked.query.get("limit", "25"))
    start = int(asked.query.get("after") or 0)
    found = meta.book.templates()
    page = found[start : start + size]
    cursors = {"before": str(start), "after": str(start + len(page))}
    paging: Json = {"cursors": cursors}
    if start + size < len(found):
        paging["next"] = f"{meta.url}{asked.path}?after={cursors['after']}"
    return _ok({"data": page, "paging": paging})


def number(meta: PretendMeta, _asked: Asked) -> Answer:
    """What Meta knows of our number."""
    return _ok(
        {
            "id": meta.line.phone_number_id,
            "display_phone_number": meta.line.display_phone_number,
            "verified_name": "Pretend",
            "quality_rating": "GREEN",
            "status": "CONNECTED",
            "webhook_configuration": {"application": meta.webhook},
        }
    )


def subscribed_apps(_meta: PretendMeta, _asked: Asked) -> Answer:
    """The apps that hear of the account."""
    return _ok({"data": [{"whatsapp_business_api_data": {"id": "1", "name": "Pretend"}}]})


def customer_writes(meta: PretendMeta, asked: Asked) -> Answer:
    """None of Meta's: a pretend phone sends who it is, a type and its content. A file comes in
    hex as `file`."""
    said = _json(asked)
    person = Person(**said["person"])
    more = {name: said[name] for name in ("context", "referral") if name in said}
    if "file" in said:
        content = bytes.fromhex(said["file"])
        message_id, status = meta.send_file(person, said["kind"], content, **said["content"])
    else:
        message_id, status = meta.say(person, said["kind"], said["content"], **more)
    return _ok({"id": message_id, "webhook_status": status})


def phone_screen(meta: PretendMeta, asked: Asked) -> Answer:
    """None of Meta's: what stands on somebody's phone, who reads it by looking."""
    found = meta.book.find(asked.query.get("person", ""))
    if found is None:
        return _ok({"messages": []})
    key, person = found
    meta.read(person)
    shown = [
        {"id": m.message_id, "is_ours": m.is_ours, "kind": m.kind, "said": m.said, "at": m.at}
        for m in meta.book.messages(key)
    ]
    return _ok({"messages": shown})


def refuse(status: int, code: int, text: str, *, headers: dict[str, str] | None = None) -> Answer:
    """A refusal in the Graph API's form."""
    said = {
        "message": text,
        "type": "OAuthException",
        "code": code,
        "error_data": {"messaging_product": "whatsapp", "details": text},
        "fbtrace_id": "Apretend",
    }
    return Answer(status, json.dumps({"error": said}).encode(), headers=headers or {})


def _route(asked: Asked) -> tuple[Callable[..., Answer] | None, dict[str, str]]:
    for method, pattern, act in ROUTES:
        match = re.fullmatch(pattern, asked.path)
        if method == asked.method and match:
            return act, match.groupdict()
    return None, {}


def _gone_wrong(fault: Fault) -> Answer:
    time.sleep(fault.delay)
    if fault.drops:
        raise Dropped
    wait = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    return refuse(fault.status, fault.code, "Pretended", headers=wait)


def _json(asked: Asked) -> Json:
    said: Json = json.loads(asked.body)
    return said


def _ok(said: Json) -> Answer:
    return Answer(200, json.dumps(said).encode())


_V = r"/v\d+\.\d+"
ROUTES: list[tuple[str, str, Callable[..., Answer]]] = [
    ("POST", rf"{_V}/(?P<number>\d+)/messages", messages),
    ("POST", rf"{_V}/(?P<number>\d+)/media", upload),
    ("GET", rf"{_V}/(?P<waba>\d+)/message_templates", templates),
    ("GET", rf"{_V}/(?P<waba>\d+)/subscribed_apps", subscribed_apps),
    ("GET", rf"{_V}/(?P<media_id>\d{{17}})", media),
    ("GET", rf"{_V}/(?P<number>\d+)", number),
    ("GET", r"/attachments/(?P<address>\w+)", attachment),
    ("POST", r"/pretend/inbound", customer_writes),
    ("GET", r"/pretend/phone", phone_screen),
]
