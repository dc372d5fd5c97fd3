"""Bodies of calls as values that can be kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser


class StorableJSON(JSONParser):
    """JSON whose texts both databases take: no NUL, no half of a surrogate pair; and nested no
    deeper than Python can follow."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        try:
            data = super().parse(stream, media_type, parser_context)
            _check(data)
        except RecursionError as error:
            raise ParseError("Nested too deeply.") from error
        return data


def _check(value: Any) -> None:
    match value:
        case str():
            _check_text(value)
        case list():
            for item in value:
                _check(item)
        case dict():
            for key, item in value.items():
                _check_text(key)
                _check(item)


def _check_text(text: str) -> None:
    if "\0" in text:
        raise ParseError("No text may hold a NUL character.")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ParseError("No text may hold half of a surrogate pair.") from error
