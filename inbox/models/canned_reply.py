"""Texts agents insert."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from inbox.models.agent import Agent, Team


class CannedReply(models.Model):
    """A text agents insert: everybody's, one team's, or one agent's own."""

    title = models.CharField(max_length=120)
    shortcut = models.SlugField(
        max_length=40, unique=True, help_text=_("Typed after / in the reply box.")
    )
    text = models.TextField(
        help_text=_(
            "May hold {{customer.first_name|there}}: a word to fill in and what stands "
            "there when it is unknown."
        )
    )
    team = models.ForeignKey(
        Team, null=True, blank=True, on_delete=models.CASCADE, related_name="canned_replies"
    )
    owner = models.ForeignKey(
        Agent, null=True, blank=True, on_delete=models.CASCADE, related_name="canned_replies"
    )

    class Meta:
        ordering: ClassVar = ["title"]
        verbose_name_plural = _("canned replies")

    def __str__(self) -> str:
        return self.title
