"""What a website loads: the loader, a chat's looks, and the frame the chat runs in."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.middleware.csp import get_nonce
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.csp import CSP
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csp import csp_override
from django.views.decorators.http import conditional_page, require_safe

from channels_app.models import Channel
from inbox.widget import origins
from inbox.widget.colours import themes
from inbox.widget.door import open_channel
from inbox.widget.refusals import Refusal
from inbox.widget.wording import words

FRESH = "public, max-age=300, stale-while-revalidate=86400"
SCRIPT = "text/javascript; charset=utf-8"
PARTS = ("widget/frame.js", "widget/host.js", "widget/line.js", "widget/view.js",
         "widget/frame.css")  # fmt: skip
LOADER = "widget/loader.js"


@require_safe
@conditional_page
def loader(request: HttpRequest) -> HttpResponse:
    """The script every website includes: one address for ever, small, the same for all."""
    plain, packed, etag = _loader()
    takes_gzip = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(packed if takes_gzip else plain, content_type=SCRIPT)
    if takes_gzip:
        response["Content-Encoding"] = "gzip"
    response["ETag"] = etag
    patch_vary_headers(response, ["Accept-Encoding"])
    return _for_everybody(response)


@require_safe
def config(request: HttpRequest, key: str) -> HttpResponse:
    """How a chat's button looks, as a module: a page whose policy allows scripts of this desk
    alone can load it. Always whole: a 304 would leave the website's name to what a browser kept
    from another one of the same site."""
    origin = request.headers.get("Origin", "")
    try:
        channel = open_channel(key)
        origins.check(channel, origin)
    except Refusal as refusal:
        return refusal.response
    with translation.override(language_of(request)):
        said = json.dumps(_looks(channel), ensure_ascii=True)
    response = HttpResponse(f"export default {said};\n", content_type=SCRIPT)
    if origin:
        response["Access-Control-Allow-Origin"] = origin
    patch_vary_headers(response, ["Origin"])
    return _for_everybody(response)


@require_safe
@xframe_options_exempt
def frame(request: HttpRequest, key: str) -> HttpResponse:
    """The chat itself, on an address of its own that only the channel's websites may embed."""
    try:
        channel = open_channel(key)
    except Refusal as refusal:
        return refusal.response
    shown = csp_override(_policy(channel))(render)
    with translation.override(language_of(request)):
        nonce = {"nonce": get_nonce(request)}
        response: HttpResponse = shown(request, "widget/frame.html", context(channel) | nonce)
    response["Cache-Control"] = "no-cache"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def snippet(channel: Channel) -> str:
    """The line that puts a chat on a website."""
    address = f"{settings.PUBLIC_URL}/widget.js"
    return f'<script async src="{address}" data-channel="{channel.key}"></script>'


def context(channel: Channel) -> dict[str, Any]:
    """What the frame's template shows."""
    light, dark = themes(channel.settings.get("brand_colour") or "#3451b2")
    asked = [
        {"name": name, "label": label, "type": kind, "must": wish == "required", "hint": hint}
        for name, label, kind, hint in _questions()
        if (wish := _wish(channel, name)) != "off"
    ]
    return {
        "channel": channel,
        "light": light,
        "dark": dark,
        "theme": channel.settings.get("theme", "auto"),
        "identity": channel.settings.get("identity", "off"),
        "is_away": channel.settings.get("availability") == "form",
        "after_resolved": channel.settings.get("after_resolved", "reopen"),
        "greeting": channel.settings.get("greeting", ""),
        "asked": asked,
        "may_skip": not any(one["must"] for one in asked),
        "origins": " ".join([*settings.SOCKET_ORIGINS, *origins.allowed(channel)]),
        "language": translation.get_language(),
        "direction": "rtl" if translation.get_language_bidi() else "ltr",
        "words": words(),
        "version": version(),
    }


def language_of(request: HttpRequest) -> str:
    """The language asked for, or the nearest one there is; English otherwise."""
    asked = request.GET.get("locale", "").replace("_", "-")[:20].lower()
    if asked in ("no", "nn") or asked.startswith(("no-", "nn-")):
        asked = "nb"
    try:
        return translation.get_supported_language_variant(asked)
    except LookupError:
        return settings.LANGUAGE_CODE


@lru_cache(maxsize=1)
def version() -> str:
    """Changes whenever the frame's scripts or styles do."""
    digest = hashlib.sha256()
    for part in PARTS:
        digest.update(_source(part))
    return digest.hexdigest()[:12]


def without_remarks(source: bytes) -> bytes:
    """A script less its indentation and the lines that are remarks only."""
    lines = (line.strip() for line in source.splitlines())
    return b"\n".join(line for line in lines if line and not line.startswith(b"//"))


@lru_cache(maxsize=1)
def _loader() -> tuple[bytes, bytes, str]:
    plain = without_remarks(_source(LOADER))
    return plain, gzip.compress(plain, 9, mtime=0), f'"{hashlib.sha256(plain).hexdigest()[:20]}"'


def _source(name: str) -> bytes:
    path = finders.find(name)
    if not isinstance(path, str):
        raise FileNotFoundError(name)
    with open(path, "rb") as file:  # noqa: PTH123
        return file.read()


def _looks(channel: Channel) -> Mapping[str, Any]:
    light, _dark = themes(channel.settings.get("brand_colour") or "#3451b2")
    return {
        "frame": f"/widget/{channel.key}/frame",
        "version": version(),
        "fill": light.fill,
        "ink": light.on_fill,
        "side": channel.settings.get("position", "end"),
        "theme": channel.settings.get("theme", "auto"),
        "identity": channel.settings.get("identity", "off"),
        "greeting": channel.settings.get("greeting", ""),
        "title": channel.name,
        "dir": "rtl" if translation.get_language_bidi() else "ltr",
        "open": _("Open chat"),
        "unread": _("Open chat, %s unread"),
        "close": _("Close chat"),
        "dismiss": _("Dismiss"),
    }


def _policy(channel: Channel) -> dict[str, list[str]]:
    own = [origin for origin in settings.SOCKET_ORIGINS if "[" not in origin]
    sockets = [origin.replace("http", "ws", 1) for origin in own]
    return {
        "default-src": [CSP.NONE],
        "script-src": [CSP.SELF],
        "style-src": [CSP.SELF, CSP.NONCE],
        "img-src": [CSP.SELF, "blob:"],
        "connect-src": [CSP.SELF, *sockets],
        "base-uri": [CSP.NONE],
        "form-action": [CSP.NONE],
        "frame-ancestors": origins.frame_ancestors(channel),
    }


def _for_everybody(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = FRESH
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _questions() -> list[tuple[str, str, str, str]]:
    return [
        ("name", _("Name"), "text", "name"),
        ("email", _("Email"), "email", "email"),
        ("phone", _("Phone"), "tel", "tel"),
    ]


def _wish(channel: Channel, name: str) -> str:
    """Whoever is away answers by mail: then the address is not left out."""
    if name == "email" and channel.settings.get("availability") == "form":
        return "required"
    return str(channel.settings.get(f"ask_{name}", "off"))
