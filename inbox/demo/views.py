"""The demo's pages: a pretend shop, with a phone and a mailbox to be its customer."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from functools import wraps
from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from channels_app.http import ForbiddenAddress, Unreachable
from channels_app.models import Channel
from inbox.demo import whatsapp, world
from inbox.demo.desk import MAIL, NUMBER
from inbox.demo.world import ADA, Visitor

View = Callable[..., HttpResponse]
MAX_PICTURE = 500_000


class TextForm(forms.Form):
    """An SMS, maybe with a picture."""

    text = forms.CharField(max_length=1600, required=False)
    picture = forms.FileField(required=False)


class WhatsAppForm(forms.Form):
    """Something said on WhatsApp: a text, a picture, where one is, a voice message, a button of
    ours pressed or a heart given to the message `about`."""

    what = forms.ChoiceField(
        choices=[(one, one) for one in ("text", "location", "voice", "button", "reaction")]
    )
    text = forms.CharField(max_length=4096, required=False)
    picture = forms.FileField(required=False)
    about = forms.CharField(max_length=200, required=False)


class LetterForm(forms.Form):
    """A mail; `answers` names the one it answers."""

    subject = forms.CharField(max_length=200, required=False)
    text = forms.CharField(max_length=20_000)
    answers = forms.CharField(max_length=80, required=False)


def demo_only(view: View) -> View:
    """The page exists on a demo desk only; seen from elsewhere only when DEMO was set by hand."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not settings.DEMO or (settings.DEMO_ON_LOOPBACK_ONLY and not _is_near(request)):
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@demo_only
@require_GET
def shop(request: HttpRequest) -> HttpResponse:
    """The shop's page with everything on it."""
    visitor = _visitor(request)
    shown = {"visitor": visitor, "is_ada": visitor == ADA, "number": NUMBER, "mail": MAIL}
    shown |= {"chat": world.chat(), "signature": world.signature(visitor)}
    shown |= _phone(visitor) | _whatsapp(visitor) | _mailbox(visitor)
    return render(request, "demo/shop.html", shown)


@demo_only
@require_POST
def become(request: HttpRequest) -> HttpResponse:
    """Be Ada again, or somebody nobody has met."""
    visitor = ADA if request.POST.get("who") == "ada" else world.somebody_new()
    request.session["demo_visitor"] = asdict(visitor)
    return redirect("demo")


@demo_only
@require_http_methods(["GET", "POST"])
def phone(request: HttpRequest) -> HttpResponse:
    """The phone's screen; a POST sends an SMS first."""
    visitor = _visitor(request)
    if request.method == "POST":
        _send_text(visitor, TextForm(request.POST, request.FILES))
    return render(request, "demo/_phone.html", {"visitor": visitor} | _phone(visitor))


@demo_only
@require_http_methods(["GET", "POST"])
def whatsapp_screen(request: HttpRequest) -> HttpResponse:
    """The phone's WhatsApp; a POST says something first."""
    visitor = _visitor(request)
    form = WhatsAppForm(request.POST, request.FILES)
    if request.method == "POST" and form.is_valid():
        with suppress(Unreachable, ForbiddenAddress):  # the screen says that there is no network
            _say(visitor, form.cleaned_data)
    return render(request, "demo/_whatsapp.html", {"visitor": visitor} | _whatsapp(visitor))


@demo_only
@require_http_methods(["GET", "POST"])
def mailbox(request: HttpRequest) -> HttpResponse:
    """The mailbox; a POST sends a mail first."""
    visitor = _visitor(request)
    form = LetterForm(request.POST)
    if request.method == "POST" and form.is_valid():
        world.send_letter(visitor, **form.cleaned_data)
    return render(request, "demo/_mailbox.html", {"visitor": visitor} | _mailbox(visitor))


def _send_text(visitor: Visitor, form: TextForm) -> None:
    if not form.is_valid():
        return
    picture = form.cleaned_data["picture"]
    if not form.cleaned_data["text"] and picture is None:
        return
    file = {"picture": picture.read(MAX_PICTURE), "kind": picture.content_type} if picture else {}
    world.send_text(visitor, form.cleaned_data["text"], **file)


def _say(visitor: Visitor, said: dict[str, Any]) -> None:
    what, text, about = said["what"], said["text"], said["about"]
    if said["picture"] is not None:
        picture = said["picture"]
        facts = {"mime_type": picture.content_type or "image/jpeg", "caption": text}
        whatsapp.say(visitor, "image", facts, file=picture.read(MAX_PICTURE))
    elif what == "location":
        whatsapp.say(visitor, "location", {"latitude": 51.5033, "longitude": -0.1196})
    elif what == "voice":
        facts = {"mime_type": "audio/wav", "voice": True}
        whatsapp.say(visitor, "audio", facts, file=whatsapp.voice())
    elif what == "button":
        whatsapp.say(visitor, "button", {"text": text, "payload": text}, answers=about)
    elif what == "reaction":
        whatsapp.say(visitor, "reaction", {"message_id": about, "emoji": "❤️"})
    elif text:
        whatsapp.say(visitor, "text", {"body": text})


def _whatsapp(visitor: Visitor) -> dict[str, object]:
    try:
        return {"bubbles": whatsapp.screen(visitor), "whatsapp_is_off": False}
    except (Unreachable, ForbiddenAddress, Channel.DoesNotExist):
        return {"bubbles": [], "whatsapp_is_off": True}


def _phone(visitor: Visitor) -> dict[str, object]:
    try:
        return {"texts": world.texts(visitor), "is_off": False}
    except (Unreachable, ForbiddenAddress):
        return {"texts": [], "is_off": True}


def _mailbox(visitor: Visitor) -> dict[str, object]:
    return {"letters": world.letters(visitor)}


def _visitor(request: HttpRequest) -> Visitor:
    kept = request.session.get("demo_visitor")
    return Visitor(**kept) if kept else ADA


def _is_near(request: HttpRequest) -> bool:
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
