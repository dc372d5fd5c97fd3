"""When a ticket may be put off to."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MORNING = 9


def snooze_times() -> list[tuple[Promise | str, datetime]]:
    """Later today (in three hours), tomorrow and on Monday at nine, by the agent's clock."""
    now = timezone.localtime()
    to_monday = 7 - now.weekday()
    return [
        (_("Later today"), now.replace(second=0, microsecond=0) + timedelta(hours=3)),
        (_("Tomorrow"), _morning(now, days=1)),
        (_("Monday"), _morning(now, days=to_monday)),
    ]


def _morning(now: datetime, *, days: int) -> datetime:
    """Nine o'clock on the wall of that day, whatever the clocks do in between."""
    day = now.date() + timedelta(days=days)
    return datetime(day.year, day.month, day.day, MORNING, tzinfo=now.tzinfo)
