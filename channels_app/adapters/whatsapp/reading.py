"""Meta's JSON, read without surprises: whatever stands where, a reader gets the type it asked for
or its empty value. An empty string counts as absent, as Meta sends both."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any

from channels_app.errors import UnreadablePayload

Json = dict[str, Any]


def load(raw: bytes) -> Json:
    """The body of a webhook, less what no database keeps: NUL, half characters, numbers that
    are none. Raises UnreadablePayload."""
    try:
        said = clean(json.loads(raw))
    except RecursionError as error:
        raise UnreadablePayload("the JSON is nested too deeply") from error
    except ValueError as error:
        raise UnreadablePayload(f"the body is no JSON: {error}") from error
    if not isinstance(said, dict):
        raise UnreadablePayload("the body is no JSON object")
    return said


def part(said: Json, name: str) -> Json:
    """An object in it."""
    found = said.get(name)
    return found if isinstance(found, dict) else {}


def parts(said: Json, name: str) -> list[Json]:
    """The objects of a list in it."""
    found = said.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def word(said: Json, name: str) -> str:
    """A text in it; a number as text."""
    found = said.get(name)
    is_said = isinstance(found, str | int | float) and not isinstance(found, bool)
    return str(found) if is_said else ""


def number(said: Json, name: str) -> float | None:
    """A number in it; one that came as text too."""
    try:
        found = float(word(said, name))
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def moment(said: Json, name: str, *, latest: datetime) -> datetime:
    """A time in epoch seconds; `latest` for one that is missing or lies in the future."""
    seconds = number(said, name)
    if seconds is None or not 0 < seconds < latest.timestamp():
        return latest
    return datetime.fromtimestamp(seconds, UTC)


def without_empty(said: Json) -> Json:
    """What is really there."""
    return {name: value for name, value in said.items() if value not in ("", None, [], {})}


def clean(said: Any) -> Any:
    """The same without NUL, halves of characters and numbers that are none."""
    if isinstance(said, str):
        # Not "replace" alone: two halves of one character, each escaped, are a whole one.
        return said.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "")
    if isinstance(said, float):
        return said if math.isfinite(said) else None
    if isinstance(said, list):
        return [clean(one) for one in said]
    if isinstance(said, dict):
        return {clean(name): clean(value) for name, value in said.items()}
    return said
