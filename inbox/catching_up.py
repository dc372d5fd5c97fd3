"""What a screen missed while it was away, by cursor and never by the clock."""

from __future__ import annotations

from typing import Any

from django.db.models import Max, Min

from inbox.models import LiveEvent

MOST_MISSED = 500


def newest_seq() -> int:
    """The cursor of somebody who sees the desk as it is now."""
    return LiveEvent.objects.aggregate(newest=Max("seq"))["newest"] or 0


def missed(last_seq: int | None, groups: frozenset[str]) -> tuple[list[dict[str, Any]] | None, int]:
    """What these groups were told after `last_seq`, and the newest cursor. None instead of a
    list when it is too much, or the cursor is none of ours: look at everything again."""
    newest = newest_seq()
    if last_seq is None or last_seq > newest or not _is_kept(last_seq):
        return None, newest
    events = LiveEvent.objects.filter(seq__gt=last_seq, seq__lte=newest).order_by("seq")
    recent = list(events[: MOST_MISSED + 1])
    if len(recent) > MOST_MISSED:
        return None, newest
    heard = [one for one in recent if one.kind != "access" and groups & set(one.audience)]
    return [event.poke for event in heard], newest


def _is_kept(last_seq: int) -> bool:
    """Whether no event after this cursor has been thrown away yet."""
    oldest = LiveEvent.objects.aggregate(oldest=Min("seq"))["oldest"]
    return oldest is None or last_seq >= oldest - 1
