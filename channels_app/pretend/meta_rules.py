"""What Meta refuses, with its own codes.

https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from channels_app.pretend.meta_book import MetaBook

Json = dict[str, Any]
Refusal = tuple[int, str]
TYPES = {"text", "image", "audio", "video", "document", "template", "reaction", "location"}
FILES = {"image", "audio", "video", "document"}


def refusal(said: Json, *, book: MetaBook) -> Refusal | None:
    """Why a message is not taken: code and words; None when it is."""
    if said.get("messaging_product") != "whatsapp":
        return 100, "The parameter messaging_product is required."
    if not (said.get("to") or said.get("recipient")):
        return 131008, "(#131008) Required parameter is missing: to or recipient"
    kind = said.get("type")
    if kind not in TYPES or not isinstance(said.get(kind), dict):
        return 131009, "(#131009) Parameter value is not valid: type"
    return _bad_content(str(kind), said[kind], book=book)


def _bad_content(kind: str, content: Json, *, book: MetaBook) -> Refusal | None:
    if kind == "text" and not 0 < len(str(content.get("body", ""))) <= 4096:
        return 100, "(#100) Param text['body'] must be at most 4096 characters long."
    if kind in FILES and book.media(str(content.get("id"))) is None:
        return 131053, "(#131053) Media upload error"
    if kind in FILES and len(str(content.get("caption", ""))) > 1024:
        return 100, "(#100) Param caption must be at most 1024 characters long."
    if kind == "reaction" and book.message(str(content.get("message_id"))) is None:
        return 131009, "(#131009) Parameter value is not valid: message_id"
    return _bad_template(content, book=book) if kind == "template" else None


def _bad_template(use: Json, *, book: MetaBook) -> Refusal | None:
    language = str((use.get("language") or {}).get("code"))
    template = book.template(str(use.get("name")), language)
    if template is None or template["status"] not in {"APPROVED", "PAUSED", "DISABLED"}:
        return 132001, "(#132001) Template name does not exist in the translation"
    if template["status"] == "PAUSED":
        return 132015, "(#132015) Template is paused"
    if template["status"] == "DISABLED":
        return 132016, "(#132016) Template is disabled"
    given = [one for part in use.get("components", []) for one in part.get("parameters", [])]
    if len(given) != sum(_wanted(one) for one in template["components"]):
        return 132000, "(#132000) Number of parameters does not match the expected number"
    if any(set(str(one.get("text", ""))) & {"\n", "\t"} for one in given):
        return 132018, "(#132018) Param text cannot have new-line/tab characters"
    return None


def _wanted(component: Json) -> int:
    """How many parameters a component takes."""
    if component.get("format") in {"IMAGE", "VIDEO", "DOCUMENT"}:
        return 1
    texts = [
        component.get("text", ""),
        *(one.get("url", "") for one in component.get("buttons", [])),
    ]
    return sum(len({piece.split("}}")[0] for piece in text.split("{{")[1:]}) for text in texts)
