"""Message templates read and filled.

A template's components are WhatsApp's, the one provider that has any: a header, a body and
buttons with placeholders, `{{1}}` or `{{name}}`.
https://developers.facebook.com/docs/whatsapp/business-management-api/message-templates/components
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from channels_app.messages import Template, TemplateUse

LONGEST_VALUE = 1024
FILES = frozenset({"image", "video", "document"})
Json = dict[str, Any]


class Misfit(Exception):
    """These values don't fit the template's placeholders; says why in plain words."""


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One thing to fill in. `part` is header, body or button; `name` stands between the braces;
    `kind` is text, or image, video, document for the address of a file; `index` is a button's."""

    part: str
    name: str
    kind: str = "text"
    index: int = 0
    example: str = ""


def placeholders(components: Sequence[Json]) -> list[Placeholder]:
    """What has to be filled in, in the order in which it stands in header, body and buttons."""
    return [found for one in components for found in _placeholders(one)]


def is_fillable(components: Sequence[Json]) -> bool:
    """Whether agents can fill it: templates with parts we know nothing of are not offered."""
    known = {"HEADER", "BODY", "FOOTER", "BUTTONS"}
    headers = {str(one.get("format")) for one in components if one.get("type") == "HEADER"}
    formats = {"TEXT", "IMAGE", "VIDEO", "DOCUMENT", "None"}
    return {str(one.get("type")) for one in components} <= known and headers <= formats


def text_of(components: Sequence[Json], values: Sequence[str]) -> str:
    """What the customer will read: header, body and footer with these values, a line between."""
    filled = dict(zip(placeholders(components), values, strict=False))
    parts = [_text(one, filled) for one in components if one.get("type") != "BUTTONS"]
    return "\n\n".join(part for part in parts if part)


def use(template: Template, values: Sequence[str]) -> TemplateUse:
    """The template with these values, as the provider takes it. Raises Misfit."""
    wanted = placeholders(template.components)
    given = [_one_line(value) for value in values]
    if len(given) != len(wanted) or not all(given):
        raise Misfit(f"“{template.name}” has {len(wanted)} placeholders, each to be filled in.")
    for slot, value in zip(wanted, given, strict=True):
        if slot.kind in FILES and not value.startswith("https://"):
            raise Misfit(f"“{slot.name}” takes the https:// address of a file.")
    return TemplateUse(
        template.name, template.language, tuple(_components(zip(wanted, given, strict=True)))
    )


def _placeholders(component: Json) -> Iterator[Placeholder]:
    part, kind = str(component.get("type", "")).lower(), str(component.get("format", "")).lower()
    if part == "header" and kind in FILES:
        yield Placeholder("header", kind, kind=kind)
    elif part in {"header", "body"}:
        examples = _examples(component)
        for position, name in enumerate(_names(str(component.get("text", "")))):
            example = examples[position] if position < len(examples) else ""
            yield Placeholder(part, name, example=example)
    elif part == "buttons":
        yield from _in_buttons(component)


def _in_buttons(component: Json) -> Iterator[Placeholder]:
    for index, button in enumerate(component.get("buttons") or []):
        if button.get("type") == "COPY_CODE":
            yield Placeholder("button", "code", kind="code", index=index)
        for name in _names(str(button.get("url", ""))):
            label = str(button.get("text", "")) or name
            yield Placeholder("button", label, kind="url", index=index)


def _names(text: str) -> list[str]:
    """What stands between double braces, each once, in order; no pattern over their text."""
    pieces = text.split("{{")[1:]
    found = [piece.partition("}}")[0].strip() for piece in pieces if "}}" in piece]
    return list(dict.fromkeys(name for name in found if name))


def _examples(component: Json) -> list[str]:
    """The examples an author has to give, in whichever of their shapes."""
    said = component.get("example") or {}
    named = said.get("body_text_named_params") or said.get("header_text_named_params")
    if named:
        return [str(one.get("example", "")) for one in named if isinstance(one, dict)]
    listed = said.get("body_text") or said.get("header_text") or []
    row = listed[0] if listed and isinstance(listed[0], list) else listed
    return [str(one) for one in row]


def _text(component: Json, filled: dict[Placeholder, str]) -> str:
    part, text = str(component.get("type", "")).lower(), str(component.get("text", ""))
    if component.get("format") not in {None, "TEXT"}:
        return f"[{str(component['format']).lower()}]"
    values = {slot.name: value for slot, value in filled.items() if slot.part == part}
    return _fill(text, values)


def _fill(text: str, values: dict[str, str]) -> str:
    """Each placeholder once and literally: a value with braces stays as typed."""
    head, *pieces = text.split("{{")
    done = [head]
    for piece in pieces:
        name, braces, rest = piece.partition("}}")
        value = values.get(name.strip()) if braces else None
        done.append("{{" + piece if value is None else value + rest)
    return "".join(done)


def _components(filled: Iterable[tuple[Placeholder, str]]) -> Iterator[Json]:
    groups: dict[tuple[str, int], list[tuple[Placeholder, str]]] = {}
    for slot, value in filled:
        groups.setdefault((slot.part, slot.index), []).append((slot, value))
    for (part, index), group in groups.items():
        parameters = [_parameter(slot, value) for slot, value in group]
        if part != "button":
            yield {"type": part, "parameters": parameters}
            continue
        kind = "copy_code" if group[0][0].kind == "code" else "url"
        yield {"type": part, "sub_type": kind, "index": str(index), "parameters": parameters}


def _parameter(slot: Placeholder, value: str) -> Json:
    if slot.kind in FILES:
        return {"type": slot.kind, slot.kind: {"link": value}}
    if slot.kind == "code":
        return {"type": "coupon_code", "coupon_code": value}
    is_named = slot.part != "button" and not slot.name.isdecimal()
    named = {"parameter_name": slot.name} if is_named else {}
    return {"type": "text", **named, "text": value}


def _one_line(value: str) -> str:
    """WhatsApp refuses line ends, tabs and more than four spaces in a value (132018)."""
    return " ".join(value.split())[:LONGEST_VALUE]
