"""The HTML of a mail as the original frame shows it."""

from __future__ import annotations

import nh3

from channels_app.adapters.email.cleaning import ATTRIBUTES, DROPPED, TAGS, URL_SCHEMES


def without_addresses(html: str) -> str:
    """The HTML, cleaned once more, less the addresses of its images: a picture fetched from
    elsewhere would tell its sender who read the mail and when."""
    return str(_cleaner.clean(html))


def _keep(tag: str, attribute: str, value: str) -> str | None:
    return None if (tag, attribute) == ("img", "src") else value


_cleaner = nh3.Cleaner(
    tags=TAGS,
    clean_content_tags=DROPPED,
    attributes=ATTRIBUTES,
    url_schemes=URL_SCHEMES,
    attribute_filter=_keep,
)
