"""Which tickets match what somebody typed. Callers narrow the tickets to what they may see.

A word matches whole or, when it is the last one, by its beginning; case and accents don't
count, and both databases find the same: words are folded here (inbox.models.words), the
databases only keep lists of them. PostgreSQL: GIN indexes over the words. SQLite: FTS5
tables that hold no text of their own, kept up to date by triggers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models import Q, QuerySet

from customers.addresses import matching_key
from customers.models import Customer, Identity
from inbox.models import Message, Note, Ticket
from inbox.models.ticket import TicketQuerySet
from inbox.models.words import words_in

MOST_WORDS = 12
ALL_OF_THEM = 2_000
ENOUGH = 500

SEARCHED: tuple[type[models.Model], ...] = (Message, Note, Ticket)
LISTED: tuple[type[models.Model], ...] = (*SEARCHED, Customer)
"""Every table whose words are kept in a list."""


def matching(tickets: TicketQuerySet, text: str, *, limit: int = ENOUGH) -> TicketQuerySet:
    """Those of the tickets that "#12", all the words, or an address lead to; at most the
    `limit` of each way whose match is newest."""
    words = words_in(text)[:MOST_WORDS]
    ways = Q(pk__in=_numbers(text)) | Q(customer__in=_customers_at(text))
    if words:
        for model in SEARCHED:
            ways |= Q(pk__in=_keys_by(model, tickets, words, limit))
    return tickets.filter(ways)


def customers_matching(
    customers: QuerySet[Customer], text: str, *, limit: int = ENOUGH
) -> QuerySet[Customer]:
    """Those of the customers whose name and addresses hold all the words, the last one by its
    beginning, or whose address this is; at most the `limit` newest."""
    words = words_in(text)[:MOST_WORDS]
    ways = Q(pk__in=_customers_at(text))
    if words:
        ways |= Q(pk__in=_keys_by(Customer, customers, words, limit))
    return customers.filter(ways)


def _numbers(text: str) -> list[int]:
    digits = text.strip().removeprefix("#")
    return [int(digits)] if digits.isascii() and digits.isdecimal() and len(digits) < 19 else []


def _customers_at(text: str) -> list[int]:
    address = text.strip()
    kind = "email" if "@" in address else "phone"
    if kind == "phone" and sum(character.isdigit() for character in address) < 6:
        return []
    key = matching_key(kind, address)
    return list(Identity.objects.filter(kind=kind, key=key).values_list("customer", flat=True))


def _keys_by(
    model: type[models.Model], among: QuerySet[Any], words: list[str], limit: int
) -> list[int]:
    """Keys of tickets (or customers) with a row of the model that holds every word.

    Words in few rows: all of them, found through the index, however old. Words in many rows:
    the newest that lie in `among`, walking back from the end. Left to choose the way itself
    PostgreSQL walks millions of rows for a rare word.
    """
    source = _source(model, words)
    few = source.run(f"LIMIT {ALL_OF_THEM + 1}")
    if len(few) <= ALL_OF_THEM:
        return few
    try:
        inside, parameters = among.values("pk").order_by().query.sql_with_params()
    except EmptyResultSet:
        return []
    newest = f"AND m.{source.column} IN ({inside}) ORDER BY {source.order} DESC LIMIT {limit * 4}"
    return source.run(newest, *parameters)


@dataclass(frozen=True, slots=True)
class _Source:
    """Where one model's words are kept, and how this database is asked for some of them."""

    column: str
    tables: str
    matches: str
    order: str
    query: str

    def run(self, rest: str, *parameters: Any) -> list[int]:
        sql = f"SELECT m.{self.column} FROM {self.tables} WHERE {self.matches} {rest}"  # noqa: S608
        with connection.cursor() as cursor:
            cursor.execute(sql, [self.query, *parameters])
            return list({number for (number,) in cursor.fetchall()})


def _source(model: type[models.Model], words: list[str]) -> _Source:
    key = model._meta.pk.attname
    column = key if model in (Ticket, Customer) else "ticket_id"
    table = model._meta.db_table
    if connection.vendor == "postgresql":
        matches = "array_to_tsvector(string_to_array(m.words, ' ')) @@ %s::tsquery"
        query = " & ".join([*words[:-1], f"{words[-1]}:*"])
        return _Source(column, f"{table} m", matches, f"m.{key}", query)
    tables = f"{table}_words f CROSS JOIN {table} m ON m.{key} = f.rowid"
    query = " ".join(f'"{word}"' for word in words) + "*"
    return _Source(column, tables, "f.words MATCH %s", "f.rowid", query)
