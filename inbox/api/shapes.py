"""What goes out: every field by name, as the outside world relies on them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from channels_app.models import Channel
from customers.models import Claim, Customer, Identity
from inbox.models import Attachment, Conversation, Message, Note, Tag, Ticket
from inbox.sending import window_of

STATUSES = [(status, status) for status in ("open", "pending", "snoozed", "resolved", "spam")]


class ChannelRef(serializers.ModelSerializer[Channel]):
    class Meta:
        model = Channel
        fields = ("key", "kind", "name")


class CustomerRef(serializers.ModelSerializer[Customer]):
    class Meta:
        model = Customer
        fields = ("id", "name")


class AddressRef(serializers.Serializer[Any]):
    """The address an answer in a strand goes to."""

    kind = serializers.CharField(source="address_kind")
    value = serializers.CharField(source="address")


class ConversationShape(serializers.ModelSerializer[Conversation]):
    channel = ChannelRef(source="contact_point.channel")
    identity = AddressRef(source="contact_point")
    accepted = serializers.BooleanField(source="is_accepted")
    reply_window_ends_at = serializers.SerializerMethodField()

    class Meta:
        model = Conversation
        fields = ("id", "channel", "identity", "accepted", "reply_window_ends_at")

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_reply_window_ends_at(self, strand: Conversation) -> datetime | None:
        """Until when a free text may go there: null when only a template may, and on channels
        without a window."""
        return window_of(strand.contact_point)


class TicketShape(serializers.ModelSerializer[Ticket]):
    """`merged_into` and `follows` are null when the caller may not see that ticket."""

    status = serializers.ChoiceField(STATUSES, source="shown_status")
    assignee = serializers.IntegerField(source="assignee_id", allow_null=True)
    team = serializers.IntegerField(source="team_id", allow_null=True)
    tags: serializers.SlugRelatedField[Tag] = serializers.SlugRelatedField(
        "name", many=True, read_only=True
    )
    customer = CustomerRef()
    conversations = ConversationShape(many=True)
    merged_into = serializers.IntegerField(source="seen_survivor", allow_null=True)
    follows = serializers.IntegerField(source="seen_predecessor", allow_null=True)

    class Meta:
        model = Ticket
        fields = (
            "number",
            "subject",
            "status",
            "priority",
            "assignee",
            "team",
            "tags",
            "customer",
            "conversations",
            "rev",
            "created_at",
            "updated_at",
            "last_message_at",
            "waiting_since",
            "first_replied_at",
            "resolved_at",
            "snoozed_until",
            "merged_into",
            "follows",
        )


class AttachmentShape(serializers.ModelSerializer[Attachment]):
    inline = serializers.BooleanField(source="is_inline")
    url = serializers.SerializerMethodField()

    class Meta:
        model = Attachment
        fields = ("id", "name", "size", "content_type", "inline", "url")

    @extend_schema_field(serializers.URLField(allow_null=True))
    def get_url(self, file: Attachment) -> str | None:
        """Where the file is fetched with the same token; null until we have it ourselves."""
        if file.state != Attachment.State.STORED:
            return None
        address = reverse("api:attachment", args=[file.message_id, file.pk])
        return str(self.context["request"].build_absolute_uri(address))


class AuthorShape(serializers.Serializer[Message]):
    """Who said it. `id` is the customer's or the agent's; null for the desk itself."""

    type = serializers.ChoiceField(source="author_type", choices=Message.Author.choices)
    id = serializers.SerializerMethodField()
    name = serializers.SerializerMethodField()

    def get_id(self, message: Message) -> int | None:
        if message.author_type == Message.Author.CUSTOMER:
            return message.conversation.contact_point.customer_id
        return message.agent_id

    def get_name(self, message: Message) -> str:
        if message.author_type == Message.Author.CUSTOMER:
            return message.conversation.contact_point.customer.name
        return str(message.agent or "")


class ErrorShape(serializers.Serializer[Message]):
    code = serializers.CharField(source="error_code")
    text = serializers.CharField(source="error_text")


class BoxShape(serializers.Serializer[Any]):
    name = serializers.CharField()
    address = serializers.CharField()


EnvelopeShape = type(
    "EnvelopeShape",
    (serializers.Serializer,),
    {
        "__doc__": "The headers of a mail.",
        "from": BoxShape(allow_null=True),
        "to": BoxShape(many=True),
        "cc": BoxShape(many=True),
        "reply_to": BoxShape(many=True),
        "message_id": serializers.CharField(),
        "in_reply_to": serializers.CharField(),
        "references": serializers.ListField(child=serializers.CharField()),
        "original_sender": BoxShape(allow_null=True),
    },
)


class ReactionShape(serializers.Serializer[Any]):
    emoji = serializers.CharField()
    by = serializers.CharField()


class MessageShape(serializers.ModelSerializer[Message]):
    """`text` is what was newly said; `full_text` has quoted history and signature too."""

    ticket = serializers.IntegerField(source="ticket_id")
    conversation = serializers.IntegerField(source="conversation_id")
    channel = ChannelRef()
    author = AuthorShape(source="*")
    attachments = AttachmentShape(many=True)
    reply_to = serializers.IntegerField(source="reply_to_id", allow_null=True)
    reactions = serializers.SerializerMethodField()
    payload = serializers.DictField(child=serializers.JSONField())
    envelope = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()

    class Meta:
        model = Message
        fields = (
            "id",
            "position",
            "ticket",
            "conversation",
            "channel",
            "direction",
            "author",
            "kind",
            "subject",
            "text",
            "full_text",
            "html",
            "attachments",
            "reply_to",
            "external_id",
            "authentication",
            "is_automatic",
            "is_bounce",
            "reactions",
            "payload",
            "envelope",
            "status",
            "error",
            "created_at",
            "sent_at",
            "delivered_at",
            "read_at",
            "edited_at",
            "deleted_at",
        )

    @extend_schema_field(ReactionShape(many=True))
    def get_reactions(self, message: Message) -> list[Any]:
        """One of each side at most."""
        shown = [one for one in message.reactions.all() if one.emoji]
        return [{"emoji": one.emoji, "by": one.by} for one in shown]

    @extend_schema_field(EnvelopeShape(allow_null=True))
    def get_envelope(self, message: Message) -> Any:
        return message.envelope

    @extend_schema_field(ErrorShape(allow_null=True))
    def get_error(self, message: Message) -> Any:
        failed = message.error_code or message.error_text
        return ErrorShape(message).data if failed else None


class NoteShape(serializers.ModelSerializer[Note]):
    ticket = serializers.IntegerField(source="ticket_id")
    author = serializers.IntegerField(source="agent_id", allow_null=True)

    class Meta:
        model = Note
        fields = ("id", "ticket", "position", "author", "text", "created_at")


class IdentityShape(serializers.ModelSerializer[Identity]):
    class Meta:
        model = Identity
        fields = ("kind", "value", "proven_by", "is_shared")


class ClaimShape(serializers.ModelSerializer[Claim]):
    class Meta:
        model = Claim
        fields = ("kind", "value", "source")


class CustomerShape(serializers.ModelSerializer[Customer]):
    """`identities` are proven addresses, `claims` those somebody typed."""

    identities = IdentityShape(source="live_identities", many=True)
    claims = ClaimShape(source="open_claims", many=True)
    attributes = serializers.DictField(child=serializers.JSONField())
    tags = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = Customer
        fields = (
            "id",
            "name",
            "identities",
            "claims",
            "attributes",
            "tags",
            "language",
            "timezone",
            "created_at",
            "last_seen_at",
        )
