from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from channels_app.models import Channel
from inbox import joining, triage
from inbox.models import Agent, Conversation, Message, Team, Ticket
from inbox.views import tickets, timeline
from tests.inbox.desk import hear, reply

pytestmark = pytest.mark.django_db


def items(page: str) -> list[str]:
    return re.findall(r'<li class="[^"]+" id="([mna]-\d+)"', page)


def test_the_timeline_is_one_order_of_messages_notes_and_what_was_done(
    line: Channel, as_grace: Client, grace: Agent
) -> None:
    said = hear(line, "Hello")
    triage.assign(said.ticket, to=grace, by=grace)
    triage.prioritise(said.ticket, priority="high", by=grace)
    note = triage.add_note(said.ticket, text="Careful", by=grace)
    answer = reply(said.conversation, "Hi", by=grace)
    page = as_grace.get(f"/t/{said.ticket_id}/").content.decode()
    first_activity = said.ticket.activities.get(verb="assigned")
    order = [f"m-{said.pk}", f"a-{first_activity.pk}", f"n-{note.pk}", f"m-{answer.pk}"]
    assert items(page)[:4] == order
    assert "Grace Hopper took this" in page
    assert "Internal note" in page


def test_more_messages_cost_no_more_queries(
    line: Channel,
    as_grace: Client,
    grace: Agent,
    queries: Callable[[Callable[[], Any]], int],
) -> None:
    said = hear(line)
    reply(said.conversation, "Hi", by=grace)
    triage.add_note(said.ticket, text="n", by=grace)
    address = f"/t/{said.ticket_id}/"
    as_grace.get(address)
    with_few = queries(lambda: as_grace.get(address))
    for _ in range(3):
        hear(line)
        reply(said.conversation, "Hi", by=grace)
        triage.add_note(said.ticket, text="n", by=grace)
    assert queries(lambda: as_grace.get(address)) == with_few


def test_what_comes_after_a_position_comes_in_stretches_without_a_gap(
    line: Channel, grace: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = hear(line).ticket
    notes = [triage.add_note(ticket, text=str(n), by=grace).position for n in range(5)]
    ticket.refresh_from_db()
    found, after, whole = [], notes[0] - 1, False
    while not whole:
        stretch = timeline.since(ticket, after, reader=grace, limit=2)
        found += [entry.first for entry in stretch.entries if entry.kind == "note"]
        after, whole = stretch.entries[-1].last, stretch.is_whole
    assert found == notes


def test_older_things_are_fetched_from_before_the_first(
    line: Channel, script: Client, grace: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = hear(line).ticket
    notes = [triage.add_note(ticket, text=str(n), by=grace) for n in range(4)]
    page = script.get(f"/t/{ticket.pk}/messages?before={notes[2].position}").content.decode()
    assert items(page)[-2:] == [f"n-{notes[0].pk}", f"n-{notes[1].pk}"]


def test_what_is_said_while_a_timeline_is_read_is_left_for_the_next_look(
    line: Channel, script: Client, grace: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = hear(line).ticket
    seen = Ticket.objects.get(pk=ticket.pk)
    hear(line, "Too late for the messages")
    triage.assign(ticket, to=grace, by=grace)  # and told of by a later question
    assert timeline.since(seen, seen.last_position, reader=grace).entries == []
    assert timeline.latest(seen, reader=grace).entries[-1].last <= seen.last_position


def test_a_screen_begins_to_listen_before_it_reads(
    line: Channel, as_grace: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = hear(line).ticket
    asked: list[str] = []
    ear, sight = tickets.newest_seq, tickets.seen_ticket
    monkeypatch.setattr(tickets, "newest_seq", lambda: asked.append("heard") or ear())
    monkeypatch.setattr(tickets, "seen_ticket", lambda *said: asked.append("read") or sight(*said))
    for address in (f"/?t={ticket.pk}", f"/t/{ticket.pk}/"):
        asked.clear()
        as_grace.get(address)
        assert asked == ["heard", "read"], address


def test_the_way_back_begins_before_what_is_shown(
    line: Channel, script: Client, grace: Agent
) -> None:
    ticket = hear(line).ticket
    notes = [triage.add_note(ticket, text=str(n), by=grace) for n in range(timeline.PAGE + 5)]
    page = script.get(f"/?t={ticket.pk}").content.decode()
    address = re.search(r'hx-get="(/t/[^"]+before=[^"]+)"', page)
    assert address is not None
    earlier = items(script.get(address[1]).content.decode())
    assert earlier[-1] == f"n-{notes[4].pk}"
    assert set(earlier).isdisjoint(items(page))


def test_everything_from_a_position_on_comes_anew_with_the_way_back(
    line: Channel, script: Client, grace: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = hear(line).ticket
    notes = [triage.add_note(ticket, text=str(n), by=grace) for n in range(6)]
    Ticket.objects.filter(pk=ticket.pk).update(rev=7)
    answer = script.get(f"/t/{ticket.pk}/messages?from={notes[2].position}")
    assert items(answer.content.decode()) == [f"n-{one.pk}" for one in notes[2:]]
    assert f"before={notes[2].position}" in answer.content.decode()
    assert answer.headers["Parley-Rev"] == "7"
    whole = script.get(f"/t/{ticket.pk}/messages?from=0").content.decode()
    assert "before=" not in whole
    monkeypatch.setattr(timeline, "MOST_ANEW", 2)
    newest = script.get(f"/t/{ticket.pk}/messages?from=0").content.decode()
    assert items(newest) == [f"n-{one.pk}" for one in notes[4:]]


@pytest.mark.parametrize("has_joined", [True, False])
def test_tickets_that_are_out_of_sight_by_now_have_no_number(
    line: Channel, post: Channel, script: Client, grace: Agent, has_joined: bool
) -> None:
    here, there = hear(line).ticket, hear(post).ticket
    Ticket.objects.update(customer=here.customer)
    joining.join(there, into=here, by=grace)
    if not has_joined:
        there = joining.split(Conversation.objects.get(contact_point__channel=post))
    address = f"/t/{here.pk}/messages?after=0"
    assert f"#{there.pk}" in script.get(address).content.decode()
    vault = Team.objects.create(name="Vault", is_members_only=True)
    Ticket.objects.filter(pk=there.pk).update(team=vault)
    page = script.get(address).content.decode()
    assert f"#{there.pk}" not in page
    assert "another ticket" in page
    for other in (f"/t/{here.pk}/", f"/customers/{here.customer_id}/"):
        assert f"#{there.pk}" not in script.get(other).content.decode()


def test_a_message_comes_again_only_when_its_state_changed(
    line: Channel, script: Client, grace: Agent
) -> None:
    said = hear(line)
    answer = reply(said.conversation, "Hi", by=grace)
    last = Ticket.objects.get(pk=said.ticket_id).last_position
    address = f"/t/{said.ticket_id}/messages?after={last}&states={answer.pk}"
    assert items(script.get(f"{address}:queued").content.decode()) == []
    Message.objects.filter(pk=answer.pk).update(status="delivered")
    assert items(script.get(f"{address}:queued").content.decode()) == [f"m-{answer.pk}"]


def test_states_of_another_tickets_messages_are_not_told(
    line: Channel, post: Channel, script: Client
) -> None:
    here, elsewhere = hear(line), hear(post)
    address = f"/t/{here.ticket_id}/messages?after=99&states={elsewhere.pk}:x"
    assert items(script.get(address).content.decode()) == []


def test_a_script_asking_for_a_ticket_gets_it_alone(line: Channel, script: Client) -> None:
    ticket = hear(line).ticket
    page = script.get(f"/?view=all&t={ticket.pk}").content.decode()
    assert "<main" in page
    assert "<html" not in page


def test_customers_text_stays_text(line: Channel, as_grace: Client) -> None:
    attack = '<img src=x onerror=alert(1)> {{7*7}} https://a.example/"onmouseover="x'
    ticket = hear(line, attack).ticket
    page = as_grace.get(f"/t/{ticket.pk}/").content.decode()
    assert "&lt;img src=x onerror=alert(1)&gt; {{7*7}}" in page
    assert "<img" not in page
    assert 'rel="noopener noreferrer nofollow"' in page
    assert '"onmouseover' not in page


def test_quoted_text_is_folded_away_and_not_lost(post: Channel, as_grace: Client) -> None:
    ticket = hear(post, "Thanks!", full_text="Thanks!\n\n> Where is it?").ticket
    page = as_grace.get(f"/t/{ticket.pk}/").content.decode()
    assert re.search(r"<details.*&gt; Where is it\?", page, re.DOTALL)


def test_a_sender_whose_authentication_failed_is_called_unverified(
    post: Channel, as_grace: Client
) -> None:
    ticket = hear(post, authentication="fail").ticket
    assert b"unverified sender" in as_grace.get(f"/t/{ticket.pk}/").content
    other = hear(post, authentication="none").ticket
    assert b"unverified sender" not in as_grace.get(f"/t/{other.pk}/").content


def test_a_joined_ticket_leads_to_where_it_lives_on(
    post: Channel, as_grace: Client, grace: Agent
) -> None:
    gone, stays = hear(post, "one").ticket, hear(post, "two").ticket
    joining.join(gone, into=stays, by=grace)
    page = as_grace.get(f"/t/{gone.pk}/").content.decode()
    assert f'<a href="/t/{stays.pk}/">' in page
    assert "Resolve</button>" not in page


def test_another_open_ticket_of_the_customer_is_offered_for_joining(
    post: Channel, as_grace: Client
) -> None:
    one, other = hear(post, "one").ticket, hear(post, "two").ticket
    page = as_grace.get(f"/t/{one.pk}/facts").content.decode()
    assert "has another open ticket" in page
    assert f'value="{other.pk}"' in page


def test_a_strand_nobody_accepted_is_shown_as_such(
    post: Channel, as_grace: Client, mail_strand: Conversation
) -> None:
    Conversation.objects.filter(pk=mail_strand.pk).update(is_accepted=False)
    page = as_grace.get(f"/t/{mail_strand.ticket_id}/").content.decode()
    assert "until you accept them" in page
    assert "(not accepted)" in page


def test_times_are_told_by_the_agents_clock(line: Channel, as_grace: Client, grace: Agent) -> None:
    said = hear(line)
    at = timezone.now().replace(hour=12, minute=34)
    Message.objects.filter(pk=said.pk).update(created_at=at)
    grace.timezone = "Asia/Tokyo"
    grace.save()
    assert ">21:34</time>" in as_grace.get(f"/t/{said.ticket_id}/").content.decode()


def test_a_time_zone_this_machine_does_not_know_is_utc(as_grace: Client, grace: Agent) -> None:
    Agent.objects.filter(pk=grace.pk).update(timezone="../etc/passwd")
    assert as_grace.get("/").status_code == 200


def test_neither_page_nor_fragment_needs_inline_script_or_style(
    line: Channel, as_grace: Client
) -> None:
    ticket = hear(line).ticket
    for address in (
        "/",
        f"/t/{ticket.pk}/",
        f"/t/{ticket.pk}/facts",
        f"/customers/{ticket.customer_id}/",
    ):
        response = as_grace.get(address)
        page = response.content.decode()
        assert "unsafe" not in response["Content-Security-Policy"]
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*src=)|hx-on", page)
