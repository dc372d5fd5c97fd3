"""What makes two mails the same one."""

from __future__ import annotations

import hashlib

import re2

from channels_app.adapters.email.bounds import header_block

# Written on the way, so that two copies of one mail differ in them.
TRACE = (
    b"received", b"return-path", b"delivered-to", b"x-original-to", b"envelope-to",
    b"x-envelope-to", b"x-envelope-from", b"dkim-signature", b"arc-", b"authentication-results",
    b"received-spf", b"x-received", b"x-google-", b"x-gm-", b"x-spam-", b"x-sieve", b"x-virus-",
    b"x-forwarded-", b"lines",
)  # fmt: skip
_MESSAGE_ID = re2.compile(  # type: ignore[no-untyped-call]
    rb"(?im)^message-id[ \t]*:(.*(?:\r?\n[ \t].*)*)"
)


def content_key(raw: bytes) -> str:
    """Equal for two copies of one mail, different otherwise: 64 hexadecimal digits.

    With a Message-ID: of it and of everything below the leading trace headers. Without one: of
    all bytes. A Message-ID alone is the sender's to choose, and says nothing.
    """
    named = _MESSAGE_ID.search(header_block(raw))
    if named is None:
        return hashlib.sha256(raw).hexdigest()
    lasting = _below_trace(raw).replace(b"\r\n", b"\n")
    return hashlib.sha256(b"".join(named[1].split()) + b"\0" + lasting).hexdigest()


def _below_trace(raw: bytes) -> bytes:
    """The mail from its first header on that was not written on the way."""
    position, is_trace = 0, False
    while position < len(raw):
        end = raw.find(b"\n", position) + 1 or len(raw)
        line = raw[position:end]
        is_trace = is_trace if line[:1] in b" \t" else line.lower().startswith(TRACE)
        if not is_trace:
            break
        position = end
    return raw[position:]
