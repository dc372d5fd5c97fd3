"""The desk itself: channels, canned replies, teams and agents, to be read."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from channels_app.models import Channel
from inbox import access
from inbox.api import rows
from inbox.api.pages import page_of
from inbox.api.strict import PageQuery
from inbox.api.view import ApiView
from inbox.models import Agent, CannedReply, Team


class ChannelShape(serializers.ModelSerializer[Channel]):
    address = serializers.CharField(source="account")

    class Meta:
        model = Channel
        fields = ("key", "kind", "name", "address", "is_active", "broken_since")


class CannedReplyShape(serializers.ModelSerializer[CannedReply]):
    team = serializers.IntegerField(source="team_id", allow_null=True)
    is_own = serializers.SerializerMethodField()

    class Meta:
        model = CannedReply
        fields = ("id", "title", "shortcut", "text", "team", "is_own")

    def get_is_own(self, canned: CannedReply) -> bool:
        return canned.owner_id is not None


class TeamShape(serializers.ModelSerializer[Team]):
    class Meta:
        model = Team
        fields = ("id", "name", "is_members_only")


class AgentShape(serializers.ModelSerializer[Agent]):
    teams: serializers.PrimaryKeyRelatedField[Team] = serializers.PrimaryKeyRelatedField(
        many=True, read_only=True
    )

    class Meta:
        model = Agent
        fields = ("id", "name", "email", "role", "timezone", "teams")


class Channels(ApiView):
    query = PageQuery

    @extend_schema(
        operation_id="channels_list", parameters=[PageQuery], responses=page_of(ChannelShape)
    )
    def get(self, request: Request) -> Response:
        """The ways in and out, without their settings."""
        return self.page(rows.channels(), ChannelShape, along="id")


class CannedReplies(ApiView):
    query = PageQuery

    @extend_schema(
        operation_id="canned_replies_list",
        parameters=[PageQuery],
        responses=page_of(CannedReplyShape),
    )
    def get(self, request: Request) -> Response:
        """Everybody's, your teams' and your own."""
        found = access.canned_replies_visible_to(self.agent)
        return self.page(found, CannedReplyShape, along="id")


class Teams(ApiView):
    query = PageQuery

    @extend_schema(operation_id="teams_list", parameters=[PageQuery], responses=page_of(TeamShape))
    def get(self, request: Request) -> Response:
        """The teams a ticket can belong to."""
        return self.page(Team.objects.all(), TeamShape, along="id")


class Agents(ApiView):
    query = PageQuery

    @extend_schema(
        operation_id="agents_list", parameters=[PageQuery], responses=page_of(AgentShape)
    )
    def get(self, request: Request) -> Response:
        """Everybody a ticket can be assigned to."""
        found = Agent.objects.filter(is_active=True).prefetch_related("teams")
        return self.page(found, AgentShape, along="id")
