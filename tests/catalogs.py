"""Translations: `python -m tests.catalogs` compiles every .po file, `--check` only says whether
that was done, and which words of the chat are missing or not needed any more.

The compiled files are committed: a machine without gettext's tools runs the desk all the same.
"""

from __future__ import annotations

import ast
import re
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "locale"
SPEAKING = ("wording.py", "pages.py", "by_mail.py")
MAGIC = 0x950412DE
TRANSLATED = re.compile(r"""\{% translate (["'])(.*?)\1 %\}""")


def main(wanted: list[str]) -> None:
    only_checks = "--check" in wanted
    problems = [problem for path in catalogs() for problem in _settle(path, only_checks)]
    if problems:
        sys.exit("\n".join(problems))


def catalogs() -> list[Path]:
    return sorted(LOCALE.glob("*/LC_MESSAGES/django.po"))


def entries(source: str) -> dict[str, str]:
    """What a .po file says, without plurals and contexts, which the chat has none of."""
    found: dict[str, str] = {}
    key, is_key = "", False
    for line in source.splitlines():
        word, _, rest = line.partition(" ")
        if word == "msgid":
            key, is_key = _text(rest), True
        elif word == "msgstr":
            found[key], is_key = _text(rest), False
        elif line.startswith('"') and is_key:
            key += _text(line)
        elif line.startswith('"'):
            found[key] += _text(line)
    return found


def compiled(said: dict[str, str]) -> bytes:
    """The .mo file: https://www.gnu.org/software/gettext/manual/html_node/MO-Files.html"""
    pairs = sorted((key.encode(), value.encode()) for key, value in said.items() if value)
    head, size = 7 * 4, 8 * len(pairs)
    body, places = b"", [[], []]  # type: ignore[var-annotated]
    for side in (0, 1):
        for pair in pairs:
            places[side].append((len(pair[side]), head + 2 * size + len(body)))
            body += pair[side] + b"\0"
    tables = b"".join(struct.pack("<2I", *place) for side in places for place in side)
    return struct.pack("<7I", MAGIC, 0, len(pairs), head, head + size, 0, head) + tables + body


def spoken() -> set[str]:
    """Every text of the chat that is to be translated."""
    widget = ROOT / "inbox" / "widget"
    said = {text for name in SPEAKING for text in _calls((widget / name).read_text())}
    for template in (ROOT / "templates" / "widget").glob("*.html"):
        said |= {text for _quote, text in TRANSLATED.findall(template.read_text())}
    return said


def _settle(path: Path, only_checks: bool) -> Iterator[str]:
    said = entries(path.read_text())
    known, name = {key for key in said if key and said[key]}, path.relative_to(ROOT)
    yield from (f"{name}: missing {text!r}" for text in sorted(spoken() - known))
    yield from (f"{name}: not needed {text!r}" for text in sorted(known - spoken()))
    made, target = compiled(said), path.with_suffix(".mo")
    if not only_checks:
        target.write_bytes(made)
    elif not target.is_file() or target.read_bytes() != made:
        yield f"{name}: not compiled, run python -m tests.catalogs"


def _calls(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if is_call and node.func.id == "_":  # type: ignore[attr-defined]
            yield ast.literal_eval(node.args[0])  # type: ignore[attr-defined]


def _text(quoted: str) -> str:
    return str(ast.literal_eval(quoted))


if __name__ == "__main__":
    main(sys.argv[1:])
