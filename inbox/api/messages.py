"""/tickets/<number>/messages/ and notes/, /messages/<id>/ and their files."""

from __future__ import annotations

import base64
import binascii
import uuid
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from inbox import access, canned_replies, media, reactions, replies, sending, triage
from inbox.api import rows
from inbox.api.once import HEADER, once
from inbox.api.pages import page_of
from inbox.api.problems import Problem
from inbox.api.shapes import MessageShape, NoteShape
from inbox.api.strict import PageQuery, Strict
from inbox.api.timeline import item
from inbox.api.view import ApiView
from inbox.models import Agent, Attachment, Conversation, Message, Ticket

LONGEST_TEXT = 100_000


class Base64Field(serializers.CharField):
    """The bytes of a file."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            return base64.b64decode(super().to_internal_value(data), validate=True)
        except (binascii.Error, ValueError) as error:
            raise serializers.ValidationError("Send the file in base64.") from error


class NewFile(Strict):
    name = serializers.CharField(max_length=255)
    content_type = serializers.CharField(max_length=127, default="application/octet-stream")
    content = Base64Field(help_text="In base64.")


class NewTemplate(Strict):
    """An approved template; `parameters` in the order in which its placeholders stand in header,
    body and buttons."""

    name = serializers.CharField(max_length=512)
    language = serializers.CharField(max_length=20)
    parameters = serializers.ListField(
        child=serializers.CharField(max_length=1024), default=list, max_length=50
    )


class NewReaction(Strict):
    emoji = serializers.CharField(max_length=16, allow_blank=True, help_text="Empty: take it back.")


class NewReply(Strict):
    """A reply. `base` is the last position you saw: without it nothing is compared."""

    text = serializers.CharField(
        max_length=LONGEST_TEXT, allow_blank=True, default="", trim_whitespace=False
    )
    conversation = serializers.IntegerField(
        required=False, help_text="Without it: where the customer wrote last."
    )
    canned_reply = serializers.IntegerField(
        required=False, help_text="Its text, filled in, instead of `text`."
    )
    base = serializers.IntegerField(required=False, min_value=0)
    template = NewTemplate(required=False, help_text="Instead of `text`.")
    reply_to = serializers.IntegerField(required=False, help_text="The message this one answers.")
    attachments = serializers.ListField(child=NewFile(), required=False, max_length=20)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["text"].strip() and "canned_reply" in attrs:
            raise serializers.ValidationError({"text": ["Not together with canned_reply."]})
        if "template" in attrs and (attrs["text"].strip() or "canned_reply" in attrs):
            raise serializers.ValidationError({"template": ["Not together with a text."]})
        return attrs


class NewNote(Strict):
    text = serializers.CharField(max_length=LONGEST_TEXT, trim_whitespace=False)


class TicketMessages(ApiView):
    query = PageQuery

    @extend_schema(
        operation_id="messages_list", parameters=[PageQuery], responses=page_of(MessageShape)
    )
    def get(self, request: Request, number: int) -> Response:
        """What was said in the ticket, the oldest first."""
        ticket = get_object_or_404(access.tickets_visible_to(self.agent), pk=number)
        said = rows.messages(Message.objects.filter(ticket=ticket))
        return self.page(said, MessageShape, along="position")

    @extend_schema(
        operation_id="messages_send",
        request=NewReply,
        responses={201: MessageShape},
        parameters=[HEADER],
    )
    @once
    def post(self, request: Request, number: int) -> Response:
        """Send a reply. 409 `stale-reply`: something came after `base`; 422: may not be sent."""
        ticket = get_object_or_404(access.tickets_visible_to(self.agent), pk=number)
        wanted = self.sent(NewReply)
        strand = self._strand(ticket, wanted.get("conversation"))
        message = self._send(strand, self._reply(ticket, wanted))
        sent = rows.messages(Message.objects.all()).get(pk=message.pk)
        return Response(MessageShape(sent, context=self.context).data, status=201)

    def _strand(self, ticket: Ticket, wanted: int | None) -> Conversation:
        """The strand named, else the default one."""
        if wanted is None:
            return _default_strand(ticket)
        strand = ticket.conversations.filter(pk=wanted).first()
        if strand is None:
            raise serializers.ValidationError({"conversation": ["There is no such conversation."]})
        return strand

    def _reply(self, ticket: Ticket, wanted: dict[str, Any]) -> replies.Reply:
        return replies.Reply(
            text=self._text(ticket, wanted),
            client_id=uuid.uuid4(),
            base=wanted.get("base"),
            template=_template(wanted.get("template")),
            answers=wanted.get("reply_to"),
            attachments=tuple(_keep(file, self.agent) for file in wanted.get("attachments", [])),
        )

    def _text(self, ticket: Ticket, wanted: dict[str, Any]) -> str:
        if "canned_reply" not in wanted:
            return str(wanted["text"])
        canned = access.canned_replies_visible_to(self.agent).filter(pk=wanted["canned_reply"])
        if (found := canned.first()) is None:
            raise serializers.ValidationError({"canned_reply": ["There is no such canned reply."]})
        return canned_replies.fill(found.text, canned_replies.values_for(ticket, agent=self.agent))

    def _send(self, strand: Conversation, reply: replies.Reply) -> Message:
        try:
            return replies.send_reply(strand, reply, by=self.agent)
        except replies.StaleReply as stale:
            since = [item(entry, self.request) for entry in stale.since]
            detail = "Something came in since the position you named."
            raise Problem(409, "stale-reply", detail, since=since) from stale


class TicketNotes(ApiView):
    @extend_schema(
        operation_id="notes_add", request=NewNote, responses={201: NoteShape}, parameters=[HEADER]
    )
    @once
    def post(self, request: Request, number: int) -> Response:
        """Write something for colleagues only; it never leaves towards customers."""
        ticket = get_object_or_404(access.tickets_visible_to(self.agent), pk=number)
        note = triage.add_note(ticket, text=self.sent(NewNote)["text"], by=self.agent)
        return Response(NoteShape(note).data, status=201)


class OneMessage(ApiView):
    @extend_schema(operation_id="messages_read", responses=MessageShape)
    def get(self, request: Request, pk: int) -> Response:
        """One message with what became of it."""
        message = get_object_or_404(rows.messages(access.messages_visible_to(self.agent)), pk=pk)
        return Response(MessageShape(message, context=self.context).data)


class OneReaction(ApiView):
    @extend_schema(
        operation_id="messages_react", request=NewReaction, responses={200: MessageShape}
    )
    def put(self, request: Request, pk: int) -> Response:
        """React to what a customer said, for all of us. 422: this channel has no reactions, or
        nothing may be sent there now."""
        seen = access.messages_visible_to(self.agent)
        message = get_object_or_404(seen, pk=pk)
        reactions.react(message, self.sent(NewReaction)["emoji"], by=self.agent)
        shown = rows.messages(access.messages_visible_to(self.agent)).get(pk=pk)
        return Response(MessageShape(shown, context=self.context).data)


class OneAttachment(ApiView):
    @extend_schema(
        operation_id="attachments_read",
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, pk: int, attachment: int) -> FileResponse:
        """The file itself, never to be shown in place."""
        seen = Attachment.objects.filter(message__in=access.messages_visible_to(self.agent))
        file = get_object_or_404(seen, pk=attachment, message=pk)
        if file.state != Attachment.State.STORED:
            raise Http404
        return _download(file)


def _template(wanted: dict[str, Any] | None) -> replies.TemplateChoice | None:
    if wanted is None:
        return None
    values = tuple(wanted["parameters"])
    return replies.TemplateChoice(wanted["name"], wanted["language"], values)


def _default_strand(ticket: Ticket) -> Conversation:
    """Where the customer wrote last and can be answered."""
    strands = sending.reachable(ticket)
    if not strands:
        raise Problem(422, "undeliverable", "There is no address to answer to.")
    if not strands[0].is_accepted:
        detail = "Nobody has accepted this conversation yet: name it to answer in it."
        raise Problem(422, "not-accepted", detail)
    return strands[0]


def _keep(file: dict[str, Any], agent: Agent) -> Attachment:
    upload = SimpleUploadedFile("file", file["content"], file["content_type"])
    upload.name = file["name"]
    return media.keep_upload(upload, by=agent)


def _download(file: Attachment) -> FileResponse:
    response = FileResponse(
        file.file.open("rb"),
        as_attachment=True,
        filename=file.name,
        content_type="application/octet-stream",
    )
    response.block_size = 262_144  # 4 KB by default: slow for large files
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
