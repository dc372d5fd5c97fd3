"""Bytes to text, whatever the mail claims about them. Nothing here raises."""

from __future__ import annotations

import codecs

from charset_normalizer import from_bytes

SAMPLE = 32 * 1024
ENOUGH_TO_GUESS = 8
# What mail without a word about its charset is written in; among all codecs Python has, some
# exotic one fits always.
LIKELY = [
    "cp1252", "cp1250", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256",
    "cp932", "euc_jp", "gb18030", "big5", "cp949",
]  # fmt: skip
# What senders write and what they mean (WHATWG encoding labels, plus what Japanese mail uses).
MEANT = {
    "ascii": "",
    "us-ascii": "",
    "iso-8859-1": "cp1252",
    "latin-1": "cp1252",
    "latin1": "cp1252",
    "iso-8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "windows-31j": "cp932",
    "cp-850": "cp850",
    "utf8mb4": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
}
# Codecs of Python that no mail means: slow on hostile input, or not a charset at all.
REFUSED = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined"})
_UNWANTED = {code: None for code in range(32) if chr(code) not in "\t\n"} | {127: None}


def decode(data: bytes, charset: str = "") -> str:
    """The text these bytes most likely are: UTF-8 or the named charset when they fit, else a
    guess; never NUL, control characters or half a surrogate pair."""
    declared = _codec(charset)
    for codec in _candidates(declared, data):
        try:
            return clean(data.decode(codec))
        except (UnicodeError, ValueError):
            continue
    return clean(data.decode(_guess(data) or declared or "cp1252", "replace"))


def clean(text: str) -> str:
    """The text with plain line ends, without control characters a database or screen chokes on."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    return text.translate(_UNWANTED).encode("utf-8", "replace").decode()


def _candidates(declared: str, data: bytes) -> list[str]:
    if not declared and b"\x1b$" in data:
        return ["iso-2022-jp", "utf-8"]
    # UTF-8 that fits is never chance, while every byte is some letter of Latin 1.
    return ["utf-8", declared or "utf-8"] if declared in ("", "cp1252") else [declared, "utf-8"]


def _codec(charset: str) -> str:
    name = charset.strip("\"' \t").lower()
    name = MEANT.get(name, name)
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError, UnicodeError):
        return ""
    return "" if found in REFUSED or not _is_for_text(found) else found


def _is_for_text(codec: str) -> bool:
    try:
        b"a".decode(codec)
    except UnicodeError:
        return True
    except LookupError:
        return False
    return True


def _guess(data: bytes) -> str:
    telling = sum(byte > 127 for byte in data[:SAMPLE])
    if telling < ENOUGH_TO_GUESS:
        return ""
    best = from_bytes(data[:SAMPLE], cp_isolation=LIKELY).best()
    return best.encoding if best else ""
