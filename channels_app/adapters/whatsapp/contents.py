"""What a customer's message holds, type by type.

https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/reference/messages. Each type
becomes a text that can be read, searched and quoted, and a payload with the rest. A type that is
not here is kept whole and shown as unsupported.
"""

from __future__ import annotations

import json
import mimetypes
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from channels_app.adapters.whatsapp import media
from channels_app.adapters.whatsapp.errors import code_and_words
from channels_app.adapters.whatsapp.reading import (
    Json,
    clean,
    number,
    part,
    parts,
    without_empty,
    word,
)
from channels_app.messages import Attachment

if TYPE_CHECKING:
    from collections.abc import Callable

    from channels_app.messages import MessageKind

TYPES = mimetypes.MimeTypes()
SUFFIXES = {"audio/ogg": ".ogg", "image/webp": ".webp", "audio/amr": ".amr", "image/jpeg": ".jpg"}
ENVELOPE = frozenset(
    {"from", "from_user_id", "from_parent_user_id", "to", "to_user_id", "to_parent_user_id"}
)


@dataclass(frozen=True, slots=True)
class Content:
    """What is said, in our words."""

    kind: MessageKind
    text: str = ""
    payload: Json = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()


def content_of(message: Json) -> Content:
    """The content of a message, with where it came from and how it was passed on."""
    content = READERS.get(word(message, "type"), _unsupported)(message)
    payload = content.payload | _circumstances(message)
    return replace(content, payload={name: value for name, value in payload.items() if value})


def _text(message: Json) -> Content:
    return Content("text", word(part(message, "text"), "body"))


def _file(message: Json) -> Content:
    kind: Any = word(message, "type")
    said = part(message, kind)
    media_id = word(said, "id")
    if not media_id:
        return _unsupported(message)
    attachment = Attachment(
        name=word(said, "filename") or _name(kind, said),
        content_type=word(said, "mime_type") or "application/octet-stream",
        remote_url=media.reference(media_id, sha256=word(said, "sha256")),
    )
    flags = {name: True for name in ("voice", "animated") if said.get(name) is True}
    return Content(kind, word(said, "caption"), flags, (attachment,))


def _location(message: Json) -> Content:
    said = part(message, "location")
    latitude, longitude = number(said, "latitude"), number(said, "longitude")
    if latitude is None or longitude is None:
        return _unsupported(message)
    words = {name: word(said, name) for name in ("name", "address", "url")}
    place = without_empty({"latitude": latitude, "longitude": longitude, **words})
    lines = [words["name"], words["address"]]
    text = "\n".join(line for line in lines if line) or f"{latitude:.6f}, {longitude:.6f}"
    return Content("location", text, {"location": place})


def _contacts(message: Json) -> Content:
    cards = [_card(one) for one in parts(message, "contacts")]
    text = "\n".join(" · ".join([one["name"], *one["phones"], *one["emails"]]) for one in cards)
    return Content("contacts", text.strip(" ·"), {"contacts": cards})


def _card(card: Json) -> Json:
    """What agents need of a contact card; the whole one stays in the journal."""
    phones = [word(one, "phone") or word(one, "wa_id") for one in parts(card, "phones")]
    emails = [word(one, "email") for one in parts(card, "emails")]
    name = part(card, "name")
    full = " ".join(filter(None, [word(name, "first_name"), word(name, "last_name")]))
    return {
        "name": word(name, "formatted_name") or full,
        "phones": [one for one in phones if one],
        "emails": [one for one in emails if one],
        "company": word(part(card, "org"), "company"),
    }


def _interactive(message: Json) -> Content:
    said = part(message, "interactive")
    kind = word(said, "type")
    chosen = part(said, kind)
    if kind == "nfm_reply":
        return _form(chosen)
    text = "\n".join(filter(None, [word(chosen, "title"), word(chosen, "description")]))
    if not text:
        text = word(chosen, "response") or word(chosen, "body")
    return Content("interactive", text, {"interactive": {"type": kind} | chosen})


def _form(said: Json) -> Content:
    """A filled form (Flow): its answers line by line."""
    try:
        answers = clean(json.loads(word(said, "response_json")))
    except (ValueError, RecursionError):
        answers = None
    shown = answers if isinstance(answers, dict) else {}
    lines = [f"{name}: {_plain(value)}" for name, value in shown.items() if name != "flow_token"]
    text = "\n".join(lines) or word(said, "body")
    return Content("interactive", text, {"interactive": {"type": "nfm_reply"}})


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _button(message: Json) -> Content:
    """A quick reply of a template."""
    said = part(message, "button")
    button = {"type": "button", "id": word(said, "payload"), "title": word(said, "text")}
    return Content("interactive", word(said, "text"), {"interactive": without_empty(button)})


def _order(message: Json) -> Content:
    said = part(message, "order")
    items = [_item(one) for one in parts(said, "product_items")]
    lines = [f"{one['quantity']} × {one['product']} ({one['price']})" for one in items]
    order = {"catalog": word(said, "catalog_id"), "items": items}
    return Content("order", "\n".join([*lines, word(said, "text")]).strip(), {"order": order})


def _item(item: Json) -> Json:
    price = f"{word(item, 'item_price')} {word(item, 'currency')}".strip()
    product = word(item, "product_retailer_id")
    return {"product": product, "quantity": word(item, "quantity") or "1", "price": price}


def _unsupported(message: Json) -> Content:
    """Something WhatsApp does not pass on, or that is newer than this code: kept as it came."""
    reasons = [code_and_words(one)[1] for one in parts(message, "errors")]
    raw = {name: value for name, value in message.items() if name not in ENVELOPE}
    what = word(part(message, "unsupported"), "type") or word(message, "type")
    return Content("unsupported", "", {"type": what, "reasons": reasons, "raw": raw})


def _circumstances(message: Json) -> Json:
    context = part(message, "context")
    referral = part(message, "referral")
    names = ("source_url", "source_type", "source_id", "headline", "body", "ctwa_clid")
    return {
        "referral": without_empty({name: word(referral, name) for name in names}),
        "forwarded": True in (context.get("forwarded"), context.get("frequently_forwarded")),
        "product": word(part(context, "referred_product"), "product_retailer_id"),
        "group": word(message, "group_id"),
    }


def _name(kind: str, said: Json) -> str:
    """A label for a file that has no name of its own."""
    plain = word(said, "mime_type").partition(";")[0].strip()
    label = "voice message" if said.get("voice") is True else kind
    return label + (SUFFIXES.get(plain) or TYPES.guess_extension(plain) or "")


READERS: dict[str, Callable[[Json], Content]] = {
    "text": _text,
    **dict.fromkeys(["image", "audio", "video", "document", "sticker"], _file),
    "location": _location,
    "contacts": _contacts,
    "interactive": _interactive,
    "button": _button,
    "order": _order,
}
