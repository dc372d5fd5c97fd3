from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from channels_app.messages import Address
from channels_app.models import Channel
from inbox import triage
from inbox.models import Agent, Ticket
from inbox.views import ticket_list
from tests.inbox.desk import hear

pytestmark = pytest.mark.django_db


def tickets(channel: Channel, number: int) -> list[Ticket]:
    return [
        hear(channel, f"Message {one}", sender=(Address("phone", f"+4477009005{one:02}"),)).ticket
        for one in range(number)
    ]


def shown(client: Client, address: str) -> list[int]:
    page = client.get(address).content.decode()
    return [int(number) for number in re.findall(r'id="t-(\d+)"', page)]


def test_each_view_holds_its_tickets_newest_first(
    line: Channel, as_grace: Client, grace: Agent
) -> None:
    mine, free, asleep, done, junk = tickets(line, 5)
    triage.assign(mine, to=grace)
    triage.snooze(asleep, until=timezone.now() + timedelta(hours=1))
    triage.resolve(done)
    triage.set_status(junk, status=Ticket.Status.SPAM)
    views = {name: shown(as_grace, f"/?view={name}") for name in ticket_list.VIEWS}
    assert views == {
        "mine": [mine.pk],
        "unassigned": [free.pk],
        "all": [free.pk, mine.pk],
        "snoozed": [asleep.pk],
        "drafts": [],
        "resolved": [done.pk],
        "spam": [junk.pk],
    }


def test_the_inbox_opens_with_mine_and_an_unknown_view_is_mine(as_grace: Client) -> None:
    for address in ("/", "/?view=nonsense"):
        assert b"Nothing is assigned to you." in as_grace.get(address).content


def test_pages_follow_each_other_without_gap_or_overlap(
    line: Channel, as_grace: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ticket_list, "PAGE", 2)
    numbers = [ticket.pk for ticket in tickets(line, 5)]
    Ticket.objects.update(last_message_at=timezone.now())  # all at once: the number decides
    found, address = [], "/tickets/?view=all"
    while address:
        page = as_grace.get(address).content.decode()
        found += [int(number) for number in re.findall(r'id="t-(\d+)"', page)]
        following = re.search(r'hx-get="(/tickets/\?[^"]+before[^"]+)"', page)
        address = following.group(1).replace("&amp;", "&") if following else ""
    assert found == sorted(numbers, reverse=True)


@pytest.mark.parametrize("before", ["x", "2026-01-01T00:00:00~1", "2026-13-45T00:00:00Z~1", "~"])
def test_a_place_nobody_gave_out_is_the_beginning(
    line: Channel, as_grace: Client, before: str
) -> None:
    numbers = [ticket.pk for ticket in tickets(line, 1)]
    assert shown(as_grace, f"/tickets/?view=all&before={before}") == numbers


def test_rows_come_back_only_while_they_belong_to_the_view(
    line: Channel, script: Client, grace: Agent
) -> None:
    one, other = tickets(line, 2)
    triage.assign(one, to=grace)
    address = f"/tickets/rows?view=unassigned&ids={one.pk},{other.pk},999,x"
    assert shown(script, address) == [other.pk]


def test_counts_are_text_and_empty_where_there_is_nothing(
    line: Channel, script: Client, grace: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *_rest = tickets(line, 3)
    triage.assign(first, to=grace)
    monkeypatch.setattr(ticket_list, "COUNTED_UP_TO", 2)
    answer = script.get("/counts").json()
    assert answer["views"] == {
        "mine": "1",
        "unassigned": "2",
        "all": "2+",
        "snoozed": "",
        "drafts": "",
        "resolved": "",
        "spam": "",
    }


def test_a_row_is_a_link_named_by_customer_and_subject(post: Channel, as_grace: Client) -> None:
    ticket = hear(post, subject="Lost parcel").ticket
    ticket.customer.name = "Ada <b>"
    ticket.customer.save()
    page = as_grace.get("/?view=all").content.decode()
    link = re.search(r'<a class="row__link".*?</a>', page, re.DOTALL)
    assert link
    assert re.sub(r"<[^>]+>|\s+", " ", link.group()).split() == ["Ada", "&lt;b&gt;", "Lost", "parcel"]  # fmt: skip


@pytest.mark.parametrize("address", ["/?view=all", "/tickets/?view=all", "/?q=message"])
def test_more_rows_cost_no_more_queries(
    line: Channel,
    as_grace: Client,
    queries: Callable[[Callable[[], Any]], int],
    address: str,
) -> None:
    tickets(line, 1)
    as_grace.get(address)
    with_one = queries(lambda: as_grace.get(address))
    for ticket in tickets(line, 3):
        triage.tag(ticket, names=["vip"])
    with_more = queries(lambda: as_grace.get(address))
    assert with_more == with_one


def test_without_a_session_a_page_leads_to_signing_in_and_a_fragment_hears_401(db: None) -> None:
    page = Client().get("/?view=all&t=3")
    assert page["Location"] == "/accounts/login/?next=/%3Fview%3Dall%26t%3D3"
    assert Client(headers={"HX-Request": "true"}).get("/counts").status_code == 401


def test_nothing_an_agent_sees_is_kept_by_a_cache(as_grace: Client, script: Client) -> None:
    assert as_grace.get("/")["Cache-Control"] == "private, no-cache"
    assert "no-store" in script.get("/counts")["Cache-Control"]
    assert "HX-Request" in script.get("/counts")["Vary"]


@pytest.mark.parametrize(
    "address",
    [
        "/?t={}",
        "/tickets/rows?ids={},1",
        "/tickets/?before=2026-01-01T00:00:00Z~{}",
        "/tickets/?before=9999-12-31T23:59:00-14:00~1",
        "/tickets/?before=0001-01-01T00:00:00%2B14:00~1",
        "/t/1/messages?before={}",
        "/t/1/messages?after={}",
        "/t/1/messages?states={}:sent",
    ],
)
@pytest.mark.parametrize("number", ["9" * 30, "9" * 5000, "٣"])
def test_numbers_beyond_any_row_break_nothing(
    post: Channel, script: Client, address: str, number: str
) -> None:
    ticket = hear(post).ticket_id
    found = script.get(address.replace("/t/1/", f"/t/{ticket}/").format(number)).status_code
    assert found in (200, 404)
