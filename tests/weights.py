"""What the chat weighs on other people's websites: `python -m tests.weights` fails above the
promised bytes, gzipped as they travel."""

from __future__ import annotations

import gzip
import os
import sys

import django

KILO = 1024
LOADER, FRAME = 5 * KILO, 35 * KILO


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    loader, frame = weights()
    print(f"loader {loader} of {LOADER} bytes, frame {frame} of {FRAME}")
    if loader > LOADER or frame > FRAME:
        sys.exit("The chat has become too heavy.")


def weights() -> tuple[int, int]:
    """The loader, and the heaviest frame with its scripts and styles."""
    from django.conf import settings
    from django.template.loader import render_to_string
    from django.utils import translation

    from channels_app.models import Channel
    from inbox.widget import pages

    asked = dict.fromkeys(["ask_name", "ask_email", "ask_phone"], "required")
    channel = Channel(kind="webchat", name="Shop chat", settings=asked)
    pages_in_all = []
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            shown = pages.context(channel) | {"nonce": "n" * 32}
            pages_in_all.append(render_to_string("widget/frame.html", shown).encode())
    parts = sum(_packed(pages._source(name)) for name in pages.PARTS)
    loader = _packed(pages.without_remarks(pages._source(pages.LOADER)))
    return loader, parts + max(map(_packed, pages_in_all))


def _packed(content: bytes) -> int:
    return len(gzip.compress(content, 9))


if __name__ == "__main__":
    main()
