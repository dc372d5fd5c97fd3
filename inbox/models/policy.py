"""What the desk does with a channel."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from channels_app.models import Channel
from inbox.models.agent import Team


class ChannelPolicy(models.Model):
    """How messages of a channel become tickets. `join_group` "" means: the channel's team."""

    channel = models.OneToOneField(Channel, on_delete=models.CASCADE, related_name="policy")
    team = models.ForeignKey(
        Team,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="policies",
        help_text=_("New tickets of this channel go to this team."),
    )
    join_group = models.CharField(
        max_length=50,
        blank=True,
        help_text=_(
            "Channels with the same word here may share one ticket of a customer. "
            "Empty: channels of the same team."
        ),
    )
    reopen_days = models.PositiveSmallIntegerField(
        default=7,
        validators=[MaxValueValidator(365)],
        help_text=_("Days after resolving in which an answer reopens the ticket."),
    )
    join_hours = models.PositiveSmallIntegerField(
        default=24,
        validators=[MinValueValidator(1), MaxValueValidator(720)],
        help_text=_("Hours in which a message on another channel joins the same ticket."),
    )

    class Meta:
        verbose_name_plural = _("channel policies")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(join_hours__gte=1), name="join_hours_are_positive"
            )
        ]

    def __str__(self) -> str:
        return f"policy of {self.channel}"

    @property
    def group(self) -> str:
        """Tickets of channels with an equal group may be joined."""
        return self.join_group or f"team:{self.team_id or ''}"


def policy_of(channel: Channel) -> ChannelPolicy:
    """The channel's policy; the defaults when nobody has set one."""
    try:
        return channel.policy
    except ChannelPolicy.DoesNotExist:
        return ChannelPolicy(channel=channel)
