"""The same words find the same tickets on SQLite and on PostgreSQL."""

from __future__ import annotations

import importlib
import random

import pytest
from django.db import connection

from channels_app.messages import Address
from channels_app.models import Channel
from inbox import search, triage
from inbox.access import tickets_visible_to
from inbox.models import Agent, Message, Note, Team, Ticket
from inbox.search_index import keep_word_lists
from tests.inbox.desk import hear

pytestmark = pytest.mark.django_db


def say(channel: Channel, text: str, *, name: str = "", phone: str = "+447700900123") -> Ticket:
    return hear(channel, text, sender=(Address("phone", phone, name=name),)).ticket


def found(text: str, **more: int) -> set[int]:
    return set(search.matching(Ticket.objects.all(), text, **more).values_list("pk", flat=True))


@pytest.fixture
def parcel(line: Channel) -> Ticket:
    return say(
        line, "Wo bleibt mein Päckchen aus Łódź? Straße 7, Œuvre, ＡＢＣ１２", name="Zoë Ålund"
    )


@pytest.mark.parametrize(
    "text",
    [
        "päckchen", "PACKCHEN", "pack", "mein pack", "strasse", "STRASSE 7",
        "łódź", "œuvre", "abc12", "bleibt wo", "Päckchen!", "\"päckchen\"", "zoe",
        "ZOË ål", "alund",
    ],
)  # fmt: skip
def test_words_are_found_without_case_accents_and_order(parcel: Ticket, text: str) -> None:
    assert found(text) == {parcel.pk}


@pytest.mark.parametrize("text", ["ackchen", "päckchen brief", "mei pack", "", "  ", "!?"])
def test_what_is_not_there_is_not_found(parcel: Ticket, text: str) -> None:
    assert found(text) == set()


@pytest.mark.parametrize(
    "text", ["' OR 1=1 --", "a & b | !c", "x:*", '"', "NEAR(a b)", "words:päckchen", "*", "%", "\\"]
)
def test_what_looks_like_a_command_is_only_words(parcel: Ticket, text: str) -> None:
    assert found(text) <= {parcel.pk}


def test_a_ticket_is_found_by_its_number(parcel: Ticket) -> None:
    assert found(f"#{parcel.pk}") == {parcel.pk}
    assert parcel.pk in found(str(parcel.pk))
    assert found("#" + "9" * 40) == set()


def test_a_ticket_is_found_by_the_customers_address(line: Channel, parcel: Ticket) -> None:
    say(line, "Somebody else", phone="+447700900777")
    assert found("+44 7700 900123") == {parcel.pk}
    assert found("nobody@nowhere.example") == set()


def test_a_ticket_is_found_by_its_new_subject_and_by_notes(parcel: Ticket, grace: Agent) -> None:
    triage.rename(parcel, subject="Verloren gegangen")
    triage.add_note(parcel, text="Zustellung nachgeprüft", by=grace)
    assert found("verloren") == {parcel.pk}
    assert found("nachgepruft") == {parcel.pk}


def test_words_that_changed_or_went_are_no_longer_found(line: Channel) -> None:
    ticket = say(line, "Zitronen")
    message = Message.objects.get()
    message.text = "Orangen"
    message.save()
    assert (found("zitronen"), found("orangen")) == (set(), {ticket.pk})
    Message.objects.all().delete()
    assert found("orangen") == set()


def test_nothing_outside_the_given_tickets_is_found(line: Channel, grace: Agent) -> None:
    ticket = say(line, "Geheimnis")
    triage.move_to_team(ticket, team=Team.objects.create(name="Vault", is_members_only=True))
    assert not search.matching(tickets_visible_to(grace), "geheimnis")
    assert not search.matching(Ticket.objects.none(), "geheimnis")


def test_common_words_find_the_newest_tickets_that_may_be_seen(
    line: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Past the bound of "all of them" the search walks back from the end, among these only."""
    tickets = [say(line, "same word", phone=f"+4477009006{n:02}") for n in range(8)]
    monkeypatch.setattr(search, "ALL_OF_THEM", 3)
    old = Ticket.objects.filter(pk__lte=tickets[1].pk)
    assert set(search.matching(old, "same")) == set(tickets[:2])
    assert found("word", limit=1) == {ticket.pk for ticket in tickets[-4:]}


def test_an_empty_choice_of_tickets_finds_nothing_however_common_the_word(
    line: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "ALL_OF_THEM", 0)
    say(line, "same word")
    assert not search.matching(Ticket.objects.filter(pk__in=[]), "same")


def test_a_text_whose_words_grow_by_folding_is_kept_and_found(line: Channel) -> None:
    """㌀ is four letters once folded; PostgreSQL indexes at most 1,048,575 bytes of words."""
    chance = random.Random(1)
    words = ("".join(chance.choices("㌀㌖㌕㌔㌪㌴㌶㌾㍊㍇", k=30)) for _ in range(4000))
    ticket = hear(line, f"parcel {' '.join(words)}").ticket
    assert found("parcel") == {ticket.pk}


def test_every_searched_table_has_its_list() -> None:
    """On SQLite three triggers keep it, and a remade table has lost them."""
    for model in search.SEARCHED:
        table = model._meta.db_table
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", [f"{table}_words"])  # fmt: skip
                assert "gin" in cursor.fetchone()[0]
            else:
                sql = "SELECT count(*) FROM sqlite_master WHERE type='trigger' AND tbl_name=%s"
                cursor.execute(sql, [table])
                assert cursor.fetchone()[0] == 3


def test_lists_that_lost_their_triggers_are_made_anew_after_a_migration(line: Channel) -> None:
    """PostgreSQL keeps its indexes by itself; there the second half holds all the same."""
    if connection.vendor == "sqlite":
        _drop_triggers()
    ticket = say(line, "Unbemerkt")
    assert found("unbemerkt") == (set() if connection.vendor == "sqlite" else {ticket.pk})
    keep_word_lists("default")
    assert found("unbemerkt") == {ticket.pk}
    say(line, "Danach")
    assert found("danach") == {ticket.pk}


def test_the_migration_asks_postgresql_for_the_words_as_they_are() -> None:
    """Another expression in the query than in the index would search without it."""
    migration = importlib.import_module("inbox.migrations.0002_word_lists")
    assert tuple(model._meta.db_table for model in search.SEARCHED) == migration.TABLES


def test_notes_and_messages_are_searched_alike(line: Channel, grace: Agent) -> None:
    ticket = say(line, "x")
    Note.objects.create(ticket=ticket, position=99, agent=grace, text="Ananas")
    assert found("anan") == {ticket.pk}


def _drop_triggers() -> None:
    with connection.cursor() as cursor:
        for event in ("insert", "update", "delete"):
            cursor.execute(f"DROP TRIGGER inbox_message_words_{event}")
