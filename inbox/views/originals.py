"""The HTML of a mail as the original frame shows it."""

from __future__ import annotations

from urllib.parse import unquote

import nh3
import re2

from channels_app.adapters.email.cleaning import ATTRIBUTES, DROPPED, TAGS, URL_SCHEMES
from inbox.models import Agent, Attachment, Message
from inbox.pictures import Framed, framed_link

MAX_REMOTE = 50
MAX_ADDRESS = 2_000  # characters
# Of HTML that was cleaned: its values stand in double quotes.
_REMOTE = re2.compile(  # type: ignore[no-untyped-call]
    r"""(?i)<img\b(?:[^">]|"[^"]*")*?\ssrc="https?:"""
)


def remote_images(html: str) -> int:
    """How many images of a cleaned mail lie elsewhere; at most as many as are ever shown."""
    return min(sum(1 for _ in _REMOTE.finditer(html)), MAX_REMOTE)


def laid_out(message: Message, *, by: Agent, with_remote: bool) -> str:
    """The HTML, cleaned once more, its images led to our own redrawn copies of them.

    Those that came with the mail are shown. A picture fetched from elsewhere would tell its
    sender who read the mail and when: without `with_remote` its address is left out.
    """
    addresses = _Addresses(message, by=by, with_remote=with_remote)
    return nh3.clean(
        message.html,
        tags=TAGS,
        clean_content_tags=DROPPED,
        attributes=ATTRIBUTES,
        url_schemes=URL_SCHEMES,
        attribute_filter=addresses.rewritten,
    )


class _Addresses:
    """What the images of one mail are called by, and where we have them."""

    def __init__(self, message: Message, *, by: Agent, with_remote: bool) -> None:
        self._message, self._by = message, by
        self._remote_left = MAX_REMOTE if with_remote else 0
        stored = message.attachments.filter(state=Attachment.State.STORED).exclude(content_id="")
        self._enclosed = {file.content_id: file for file in stored}

    def rewritten(self, tag: str, attribute: str, value: str) -> str | None:
        """The attribute's value in the frame; None when it goes without."""
        if (tag, attribute) != ("img", "src"):
            return value
        scheme, _colon, rest = value.strip().partition(":")
        if scheme.lower() == "cid":
            return self._of_enclosed(unquote(rest))
        return self._of_remote(value) if scheme.lower() in ("http", "https") else None

    def _of_enclosed(self, content_id: str) -> str | None:
        file = self._enclosed.get(content_id)
        return framed_link(Framed(self._message, attachment=file), by=self._by) if file else None

    def _of_remote(self, url: str) -> str | None:
        if self._remote_left <= 0 or len(url) > MAX_ADDRESS:
            return None
        self._remote_left -= 1
        return framed_link(Framed(self._message, url=url), by=self._by)
