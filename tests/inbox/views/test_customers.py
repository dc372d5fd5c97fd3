from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from channels_app.messages import Address
from channels_app.models import Channel
from customers.models import Claim
from inbox import triage
from inbox.models import Agent, Team
from tests.inbox.desk import hear, reply

pytestmark = pytest.mark.django_db

ADA = (Address("phone", "+447700900123", name="Ada"), Address("email", "ada@customer.example"))


def test_one_timeline_over_all_channels(
    line: Channel, post: Channel, as_grace: Client, grace: Agent
) -> None:
    texted = hear(line, "By phone", sender=ADA)
    hear(post, "By mail")
    triage.add_note(texted.ticket, text="Knows both", by=grace)
    reply(texted.conversation, "Hello Ada", by=grace)
    page = as_grace.get(f"/customers/{texted.ticket.customer_id}/").content.decode()
    places = [page.index(text) for text in ("By phone", "By mail", "Knows both", "Hello Ada")]
    assert places == sorted(places)


def test_what_lies_with_another_team_is_left_out(
    line: Channel, post: Channel, as_grace: Client
) -> None:
    open_ticket = hear(line, "In the open", sender=ADA).ticket
    hidden = hear(post, "In the vault").ticket
    triage.move_to_team(hidden, team=Team.objects.create(name="Vault", is_members_only=True))
    page = as_grace.get(f"/customers/{open_ticket.customer_id}/").content.decode()
    assert "In the open" in page
    assert "In the vault" not in page
    assert f"#{hidden.pk}" not in page


def test_proven_and_claimed_addresses_are_told_apart(line: Channel, as_grace: Client) -> None:
    customer = hear(line).ticket.customer
    Claim.objects.create(
        customer=customer, kind="email", value="c@x.example", key="c@x.example", source="form"
    )
    page = as_grace.get(f"/customers/{customer.pk}/").content.decode()
    assert "Proven by the provider" in page
    assert "Claimed, not proven (form)" in page


def test_more_history_costs_no_more_queries(
    line: Channel,
    as_grace: Client,
    grace: Agent,
    queries: Callable[[Callable[[], Any]], int],
) -> None:
    said = hear(line)
    triage.add_note(said.ticket, text="x", by=grace)
    address = f"/customers/{said.ticket.customer_id}/"
    as_grace.get(address)
    with_few = queries(lambda: as_grace.get(address))
    for _ in range(3):
        hear(line)
        triage.add_note(said.ticket, text="x", by=grace)
    assert queries(lambda: as_grace.get(address)) == with_few
