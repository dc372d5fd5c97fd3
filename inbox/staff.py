"""Who works here: agents come by invitation, their rights change, they leave."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from inbox import live
from inbox.models import Agent, Invitation, LiveEvent, Team


def invite(agent: Agent) -> str:
    """A link with which the agent sets a password: once, within 72 hours. Earlier links end."""
    return f"{settings.PUBLIC_URL}{reverse('invitation', args=[Invitation.objects.issue(agent)])}"


def set_teams(agent: Agent, teams: Iterable[Team]) -> None:
    """Make the agent a member of exactly these teams."""
    wanted = {team.pk for team in teams}
    if wanted == set(agent.teams.values_list("pk", flat=True)):
        return
    with transaction.atomic():
        agent.teams.set(wanted)
        access_changed([agent])


def access_changed(agents: Iterable[Agent]) -> None:
    """What these agents may see is not what it was: their open screens find out at once, and
    those of somebody who may not sign in any more are disconnected."""
    LiveEvent.objects.bulk_create(
        [LiveEvent(kind="access", audience=[f"agent.{agent.pk}"]) for agent in agents]
    )
    transaction.on_commit(live.ring)
