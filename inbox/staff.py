"""Who works here: agents come by invitation, their rights change, they leave."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from inbox import live
from inbox.models import Agent, Invitation, LiveEvent, Team

logger = logging.getLogger(__name__)


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


def mail_invitation(agent: Agent, link: str) -> bool:
    """Mail the link to its agent; False when there is no mail server or it refused."""
    if not _can_mail():
        return False
    text = render_to_string("emails/invitation.txt", {"agent": agent, "link": link})
    try:
        send_mail(_("Your invitation to Parley"), text, None, [agent.email])
    except OSError as error:
        logger.warning("invitation_not_mailed", extra={"error": type(error).__name__})
        return False
    return True


def _can_mail() -> bool:
    """Without MAIL_URL the desk's own mail lies in a folder, where nobody waits for it."""
    return not settings.MAILERS["default"]["BACKEND"].endswith("filebased.EmailBackend")
