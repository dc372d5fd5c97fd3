"""The list of tickets: which views there are, a page of one, single rows anew, the counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from django.db.models import Q
from django.http import HttpResponse, JsonResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from inbox.access import tickets_visible_to
from inbox.drafts import begun_by
from inbox.models import Activity, Agent, Ticket
from inbox.models.ticket import TicketQuerySet
from inbox.reading import news, unread_by
from inbox.search import matching
from inbox.views.entry import DeskRequest, for_agents
from inbox.views.verbs import number_in

PAGE = 50
MOST_ROWS_AT_ONCE = 100
COUNTED_UP_TO = 999
NEWS_AMONG = 500
LEADING_AWAY = ("status_changed", "assigned", "team_changed", "snoozed", "woke")


@dataclass(frozen=True, slots=True)
class View:
    """One way to look at the tickets an agent may see."""

    name: str
    label: Promise | str
    icon: str
    when_empty: Promise | str
    narrow: Callable[[TicketQuerySet, Agent, datetime], TicketQuerySet]
    is_counted: bool = True


def _awake(tickets: TicketQuerySet, now: datetime) -> TicketQuerySet:
    return tickets.unresolved().awake(now)


VIEWS = {
    view.name: view
    for view in [
        View(
            "mine",
            _("Mine"),
            "user-round",
            _("Nothing is assigned to you."),
            lambda tickets, agent, now: _awake(tickets, now).filter(assignee=agent),
        ),
        View(
            "unassigned",
            _("Unassigned"),
            "inbox",
            _("Every ticket has somebody."),
            lambda tickets, agent, now: _awake(tickets, now).filter(assignee=None),
        ),
        View(
            "all",
            _("All open"),
            "layers",
            _("No open tickets. Well done."),
            lambda tickets, agent, now: _awake(tickets, now),
        ),
        View(
            "snoozed",
            _("Snoozed"),
            "alarm-clock",
            _("Nothing is put off until later."),
            lambda tickets, agent, now: tickets.snoozed(now),
        ),
        View(
            "drafts",
            _("Drafts"),
            "pencil",
            _("You have nothing half-written."),
            lambda tickets, agent, now: tickets.filter(begun_by(agent)),
        ),
        View(
            "resolved",
            _("Resolved"),
            "circle-check",
            _("Nothing has been resolved yet."),
            lambda tickets, agent, now: tickets.living().filter(status=Ticket.Status.RESOLVED),
            is_counted=False,
        ),
        View(
            "spam",
            _("Spam"),
            "shield-alert",
            _("No spam."),
            lambda tickets, agent, now: tickets.living().filter(status=Ticket.Status.SPAM),
            is_counted=False,
        ),
    ]
}


@dataclass(frozen=True, slots=True)
class Question:
    """What the address asks the list for: a view, words to search, where the page begins.

    Words without a view look through everything the agent may see.
    """

    view: View | None
    words: str
    before: tuple[datetime, int] | None

    @classmethod
    def read(cls, query: QueryDict) -> Question:
        """From the query string; anything that is not understood counts as not said."""
        words = query.get("q", "").strip()[:200]
        view = VIEWS.get(query.get("view", ""))
        return cls(view or (None if words else VIEWS["mine"]), words, _cursor(query))

    @property
    def query_string(self) -> str:
        """The question as part of an address, without the place in it."""
        said = {"view": self.view.name if self.view else "", "q": self.words}
        return urlencode({key: value for key, value in said.items() if value})

    def answer(self, agent: Agent) -> TicketQuerySet:
        """Every ticket that answers it, newest first."""
        tickets = tickets_visible_to(agent)
        if self.view:
            tickets = self.view.narrow(tickets, agent, timezone.now())
        if self.words:
            tickets = matching(tickets.living(), self.words)
        return tickets.newest_first()


@dataclass(frozen=True, slots=True)
class Page:
    """Up to PAGE rows and the way to the next ones."""

    question: Question
    tickets: list[Ticket]
    next_query_string: str

    @classmethod
    def read(cls, question: Question, agent: Agent) -> Page:
        """The rows the question asks for, in a constant number of queries."""
        tickets = as_rows(_after(question.answer(agent), question.before), agent, PAGE + 1)
        more = len(tickets) > PAGE
        tickets = tickets[:PAGE]
        return cls(question, tickets, _next(question, tickets[-1]) if more else "")


@for_agents
@require_safe
def more(request: DeskRequest) -> HttpResponse:
    """The next rows, to be put at the end of the list."""
    page = Page.read(Question.read(request.GET), request.user)
    return render(request, "inbox/_rows.html", {"page": page, "question": page.question})


@for_agents
@require_safe
def rows(request: DeskRequest) -> HttpResponse:
    """These tickets as rows, as far as they belong to the list the browser shows."""
    question = Question.read(request.GET)
    numbers = [number_in(one) for one in request.GET.get("ids", "").split(",")]
    tickets = question.answer(request.user).filter(pk__in=numbers[:MOST_ROWS_AT_ONCE])
    found = as_rows(tickets, request.user)
    left = _left(request, {*numbers} - {one.pk for one in found})
    context = {"page": Page(question, found, ""), "question": question, "left": left}
    return render(request, "inbox/_rows.html", context)


@for_agents
@require_safe
def counts(request: DeskRequest) -> JsonResponse:
    """How many tickets each counted view holds, as the text to show; and what is new to this
    agent among what is theirs or nobody's: ticket → last position."""
    views = {view.name: text for view, text in counted(request.user)}
    return JsonResponse({"views": views, "news": _news(request.user)})


def counted(agent: Agent) -> list[tuple[View, str]]:
    """Each view with its count as text: "" where nobody counts, "999+" where it is large."""
    tickets, now = tickets_visible_to(agent), timezone.now()
    return [(view, _count(view, tickets, agent, now)) for view in VIEWS.values()]


def as_rows(tickets: TicketQuerySet, agent: Agent, most: int = MOST_ROWS_AT_ONCE) -> list[Ticket]:
    """The tickets with everything a row shows to this agent."""
    rows = tickets.select_related("customer", "assignee").prefetch_related("tags")
    return list(rows.annotate(is_unread=unread_by(agent), is_begun=begun_by(agent))[:most])


def _left(request: DeskRequest, numbers: set[int]) -> tuple[Ticket, Activity | None] | None:
    """The open ticket when it belongs to the list no more, and what took it away: it stays in
    sight of whoever works on it."""
    number = number_in(request.GET.get("open", ""))
    if number not in numbers:
        return None
    found = as_rows(tickets_visible_to(request.user).filter(pk=number), request.user)
    leading = Activity.objects.filter(ticket=number, verb__in=LEADING_AWAY).select_related("agent")
    return (found[0], leading.order_by("-position").first()) if found else None


def _count(view: View, tickets: TicketQuerySet, agent: Agent, now: datetime) -> str:
    if not view.is_counted:
        return ""
    number = view.narrow(tickets, agent, now)[: COUNTED_UP_TO + 1].count()
    return f"{COUNTED_UP_TO}+" if number > COUNTED_UP_TO else str(number or "")


def _news(agent: Agent) -> dict[int, int]:
    tickets = _awake(tickets_visible_to(agent), timezone.now())
    waiting = tickets.filter(Q(assignee=agent) | Q(assignee=None), needs_reply=True)
    recent = waiting.newest_first().values("pk")[:NEWS_AMONG]
    return news(Ticket.objects.filter(unread_by(agent), pk__in=recent))


def _after(tickets: TicketQuerySet, place: tuple[datetime, int] | None) -> TicketQuerySet:
    if place is None:
        return tickets
    at, number = place
    return tickets.filter(last_message_at__lte=at).exclude(last_message_at=at, pk__gte=number)


def _next(question: Question, last: Ticket) -> str:
    before = urlencode({"before": f"{last.last_message_at.isoformat()}~{last.pk}"})
    return f"{question.query_string}&{before}"


def _cursor(query: QueryDict) -> tuple[datetime, int] | None:
    moment, _separator, number = query.get("before", "").partition("~")
    try:
        at = parse_datetime(moment)
        if at is None or timezone.is_naive(at):
            return None
        return at.astimezone(UTC), number_in(number)
    except (ValueError, OverflowError):
        return None
