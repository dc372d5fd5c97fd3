"""The widget's calls: JSON in and out, one verb each."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods, require_POST

from channels_app.messages import Attachment
from inbox import media
from inbox.models import Message, Visitor
from inbox.widget import hearing, identity, limits, pictures, saying, visitors
from inbox.widget.door import (
    ChatRequest,
    body_of,
    check_proof,
    for_visitors,
    known_visitor,
    token_of,
)
from inbox.widget.files import check_file
from inbox.widget.pages import version
from inbox.widget.refusals import Refusal

MAX_ID = 2**63 - 1
ENVELOPE = 64 * 1024


@for_visitors
@require_POST
def visitor(request: ChatRequest) -> JsonResponse:
    """Begin, sign in, or say who one is. The answer holds a new token when there is one."""
    said = body_of(request)
    known = visitors.recognise(request.channel, token_of(request))
    limits.check("describe" if known else "begin", request=request, channel=request.channel,
                 visitor=known.handle if known else "")  # fmt: skip
    present, token = _present(request, known, said)
    check_proof(request.channel, present)
    visitors.note_language(present, said.get("language"))
    _describe(present, said.get("profile"))
    if isinstance(said.get("attributes"), dict):
        visitors.add_attributes(present, said["attributes"])
    return JsonResponse({"token": token, "profile": present.profile, "subject": present.subject})


@for_visitors
@require_POST
def logout(request: ChatRequest) -> HttpResponse:
    """The token ends; what was said stays with the desk."""
    known = visitors.recognise(request.channel, token_of(request))
    if known is not None:
        visitors.forget(known)
    return HttpResponse(status=204)


@for_visitors
@require_http_methods(["GET", "POST"])
def messages(request: ChatRequest) -> JsonResponse:
    """GET: what was said. POST: say something."""
    known = known_visitor(request)
    action = "say" if request.method == "POST" else "read"
    limits.check(action, request=request, channel=request.channel, visitor=known.handle)
    return _say(request, known) if request.method == "POST" else _history(request, known)


@for_visitors
@require_POST
def seen(request: ChatRequest) -> HttpResponse:
    """`{"upto": 12, "read": true}`: answers up to this one have arrived, or were read."""
    known = known_visitor(request)
    limits.check("read", request=request, channel=request.channel, visitor=known.handle)
    said = body_of(request)
    upto = said.get("upto")
    if type(upto) is not int or not 0 < upto <= MAX_ID:
        raise Refusal(400, "unreadable")
    hearing.acknowledge(known, upto=upto, is_read=said.get("read") is True)
    return HttpResponse(status=204)


def _present(
    request: ChatRequest, known: Visitor | None, said: dict[str, Any]
) -> tuple[Visitor, str | None]:
    if said.get("jwt") is not None and request.channel.settings.get("identity") != "off":
        person = identity.read(said["jwt"], channel=request.channel)
        return identity.sign_in(known, person, channel=request.channel)
    if known is not None:
        return known, None
    if request.channel.settings.get("identity") == "required":
        raise Refusal(403, "identity-required")
    return visitors.begin(request.channel)


def _describe(present: Visitor, profile: Any) -> None:
    if not isinstance(profile, dict):
        return
    try:
        visitors.describe(present, profile)
    except ValidationError as error:
        raise Refusal(422, "bad-profile") from error


def _history(request: ChatRequest, known: Visitor) -> JsonResponse:
    after, before = _number(request, "after"), _number(request, "before")
    heard = hearing.history(known, after=after, before=before)
    return JsonResponse(
        {
            "messages": [_shown(message) for message in heard.messages],
            "tail": heard.tail,
            "unread": heard.unread,
            "seen": heard.seen,
            "whole": heard.is_whole,
            "resolved": heard.is_resolved,
            "blocked": heard.is_blocked,
            "profile": known.profile,
            "version": version(),
        }
    )


def _say(request: ChatRequest, known: Visitor) -> JsonResponse:
    most = request.channel.adapter.limits
    if int(request.headers.get("Content-Length") or 0) > most.max_attachment_size + ENVELOPE:
        raise Refusal(413, "too-large")
    text, files = request.POST.get("text", "").replace("\0", ""), request.FILES.getlist("file")
    if not text.strip() and not files:
        raise Refusal(422, "empty")
    if len(text) > most.max_text:
        raise Refusal(422, "too-long")
    point = known.point()
    if point is not None and point.is_blocked:
        raise Refusal(403, "blocked")
    if files:
        limits.check("attach", request=request, channel=request.channel, visitor=known.handle)
    kept = tuple(_file(one, most.max_attachment_size) for one in files[:1])
    said = saying.say(known, saying.Words(_client_id(request), text, kept))
    return JsonResponse(_shown(said), status=201)


def _file(upload: UploadedFile[Any], most: int) -> Attachment:
    if (upload.size or 0) > most:
        raise Refusal(413, "too-large")
    content = upload.read()
    name = media.label(upload.name or "")
    return Attachment(name, check_file(name, content), content=content)


def _shown(message: Message) -> dict[str, Any]:
    """A message as its visitor may know it."""
    by = message.agent.name if message.agent else ""
    return {
        "id": message.pk,
        "client": message.dedupe_key.partition(":")[2] if message.is_inbound else "",
        "mine": message.is_inbound,
        "text": message.text,
        "author": by or message.channel.name,
        "at": message.created_at.isoformat(),
        "files": [
            {
                "name": file.name,
                "size": file.size,
                "type": file.content_type,
                "url": "" if message.is_inbound else media.public_url(file),
                "picture": pictures.address_of(file, message),
            }
            for file in message.attachments.all()
        ],
    }


def _client_id(request: ChatRequest) -> UUID:
    try:
        return UUID(request.POST.get("id", ""))
    except ValueError as error:
        raise Refusal(400, "unreadable") from error


def _number(request: ChatRequest, name: str) -> int:
    raw = request.GET.get(name, "0")
    if not raw.isascii() or not raw.isdigit() or int(raw[:20]) > MAX_ID:
        raise Refusal(400, "unreadable")
    return int(raw)
