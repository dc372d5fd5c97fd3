"""Who may do what: every address of the desk × everybody who might call it.

One ticket lies with a members-only team. An admin and a member of that team reach it; an agent
of another team, a signed-out browser and a program without a token do not, and what they hear
is what they would hear about something that does not exist. An address without a row here
fails the suite.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from channels_app.models import Channel, MessageTemplate
from customers.models import Customer
from inbox import joining, media, people
from inbox.models import (
    Agent,
    ApiToken,
    Attachment,
    ChannelPolicy,
    Conversation,
    Invitation,
    Message,
    Team,
    Ticket,
)
from inbox.pictures import Framed, framed_link
from tests.inbox.desk import hear, reply
from tests.inbox.pictures.drawing import drawn

pytestmark = pytest.mark.django_db

SECRET = "quetzal"  # stands in the hidden ticket's subject, text, note and customer's name
ROLES = ("admin", "member", "outsider", "nobody")
LOGIN, MISSING, UNAUTHENTICATED = 302, 404, 401


@dataclass(frozen=True)
class Row:
    """One call: what each role hears, in the order of ROLES."""

    call: str
    heard: tuple[int, int, int, int]
    data: dict[str, Any] = field(default_factory=dict)


def page(path: str) -> Row:
    """A page about the hidden ticket."""
    return Row(f"GET {path}", (200, 200, MISSING, LOGIN))


def verb(path: str, status: int = 204, **data: Any) -> Row:
    """A change of the hidden ticket."""
    return Row(f"POST {path}", (status, status, MISSING, LOGIN), data)


def shared(path: str) -> Row:
    """A page every agent has, each with their own content."""
    return Row(f"GET {path}", (200, 200, 200, LOGIN))


def public(path: str, status: int = 200) -> Row:
    return Row(f"GET {path}", (status,) * 4)


def api(path: str) -> Row:
    """The API about the hidden ticket."""
    return Row(f"GET /api/v1/{path}", (200, 200, MISSING, UNAUTHENTICATED))


def api_list(path: str) -> Row:
    return Row(f"GET /api/v1/{path}", (200, 200, 200, UNAUTHENTICATED))


def api_verb(method: str, path: str, status: int, **data: Any) -> Row:
    return Row(f"{method} /api/v1/{path}", (status, status, MISSING, UNAUTHENTICATED), data)


ME = {"client_id": "5d0ff8a0-6b7f-4b29-8d8e-2f6b3f2e8a11"}
TICKET = "/t/{ticket}"

ROWS: dict[str, list[Row]] = {
    "": [shared("/"), shared("/?view=all"), shared(f"/?q={SECRET}"), page("/?t={ticket}")],
    "tickets/": [shared("/tickets/?view=all"), shared(f"/tickets/?q={SECRET}")],
    "tickets/rows": [shared("/tickets/rows?view=all&ids={ticket}")],
    "counts": [shared("/counts")],
    "events": [shared("/events?after=0")],
    "roster": [shared("/roster")],
    "t/<int:number>/": [page(TICKET + "/")],
    "t/<int:number>/facts": [page(TICKET + "/facts")],
    "t/<int:number>/messages": [
        page(TICKET + "/messages?after=0"),
        page(TICKET + "/messages?before=99&states={message}:x"),
    ],
    "t/<int:number>/replies": [
        verb(TICKET + "/replies", 201, text="Hi", conversation="{strand}", **ME)
    ],
    "t/<int:number>/replies/check": [
        verb(TICKET + "/replies/check", 200, text="Hi", conversation="{strand}")
    ],
    "t/<int:number>/templates": [page(TICKET + "/templates?conversation={strand}")],
    "t/<int:number>/templates/form": [
        page(TICKET + "/templates/form?conversation={strand}&name={template}&language=en")
    ],
    "t/<int:number>/notes": [verb(TICKET + "/notes", 201, text="Hm", **ME)],
    "t/<int:number>/drafts": [page(TICKET + "/drafts")],
    "t/<int:number>/draft": [verb(TICKET + "/draft", 200, text="Hi", mode="reply", **ME)],
    "t/<int:number>/draft/files": [verb(TICKET + "/draft/files", 422)],
    "t/<int:number>/draft/files/remove": [verb(TICKET + "/draft/files/remove", file="1")],
    "t/<int:number>/read": [verb(TICKET + "/read", upto="1")],
    "t/<int:number>/unread": [verb(TICKET + "/unread")],
    "t/<int:number>/canned": [page(TICKET + "/canned")],
    "t/<int:number>/assignee": [verb(TICKET + "/assignee", to="me")],
    "t/<int:number>/team": [verb(TICKET + "/team", to="")],
    "t/<int:number>/priority": [verb(TICKET + "/priority", to="high")],
    "t/<int:number>/tags": [verb(TICKET + "/tags", add="vip")],
    "t/<int:number>/subject": [verb(TICKET + "/subject", 409, subject="New", was="old")],
    "t/<int:number>/snooze": [verb(TICKET + "/snooze", until="2999-01-01T09:00")],
    "t/<int:number>/status": [verb(TICKET + "/status", to="resolved")],
    "t/<int:number>/join": [verb(TICKET + "/join", other="{other}")],
    "t/<int:number>/joins/<int:merge>/undo": [verb(TICKET + "/joins/{merge}/undo")],
    "conversations/<int:number>/split": [verb("/conversations/{strand}/split")],
    "conversations/<int:number>/accept": [verb("/conversations/{strand}/accept")],
    "messages/<int:number>/original/": [page("/messages/{message}/original/")],
    "messages/<int:number>/retry": [verb("/messages/{failed}/retry")],
    "messages/<int:number>/settle": [verb("/messages/{uncertain}/settle", arrived="yes")],
    "messages/<int:number>/reaction": [verb("/messages/{message}/reaction", 422, emoji="👍")],
    "attachments/<int:number>/sound": [page("/attachments/{sound}/sound")],
    "attachments/<int:number>/": [page("/attachments/{file}/")],
    "attachments/<int:number>/picture": [
        page("/attachments/{file}/picture"),
        page("/attachments/{file}/picture?size=large"),
    ],
    "customers/": [shared("/customers/"), shared(f"/customers/?q={SECRET}")],
    "customers/<int:number>/": [
        page("/customers/{customer}/"),
        page("/customers/{customer}/?merge=nobody"),
    ],
    "customers/<int:number>/details": [verb("/customers/{customer}/details", 302, name="Ada")],
    "customers/<int:number>/addresses": [
        verb("/customers/{customer}/addresses", 302, value="+447700900124")
    ],
    "customers/<int:number>/merge": [verb("/customers/{customer}/merge", 302, other="{stray}")],
    "customer-merges/<int:number>/undo": [verb("/customer-merges/{folded}/undo", 302)],
    "claims/<int:number>/confirm": [verb("/claims/{claim}/confirm", 302)],
    "claims/<int:number>/dismiss": [verb("/claims/{claim}/dismiss", 302)],
    "identities/<int:number>/end": [verb("/identities/{identity}/end", 302)],
    "identities/<int:number>/share": [verb("/identities/{identity}/share", 302, shared="yes")],
    "contact-points/<int:number>/block": [
        verb("/contact-points/{point}/block", 302, blocked="yes")
    ],
    # Open to the world, each for a reason of its own.
    "files/<str:link>/<str:name>": [public("/files/{link}/a.png"), public("/files/1:x:y/a", 404)],
    "pictures/<str:token>": [public("/pictures/{picture}"), public("/pictures/x:y:z", 404)],
    "invitations/<str:token>/": [public("/invitations/{token}/"), public("/invitations/x/", 404)],
    "widget.js": [public("/widget.js")],
    "healthz": [public("/healthz")],
    "readyz": [public("/readyz")],
    "favicon.ico": [public("/favicon.ico", 302)],
    # The API: a token says who calls.
    "api/docs/": [Row("GET /api/docs/", (200, 200, 200, 200))],
    "api/v1/schema/": [Row("GET /api/v1/schema/", (200, 200, 200, 200))],
    "api/v1/tickets/": [
        api_list("tickets/"),
        api_list(f"tickets/?q={SECRET}"),
        # To whom and on which channel who may: tests/inbox/api/test_starting.py.
        Row("POST /api/v1/tickets/", (400, 400, 400, UNAUTHENTICATED), {"channel": "nowhere"}),
    ],
    "api/v1/tickets/<int:number>/": [
        api("tickets/{ticket}/"),
        api_verb("PATCH", "tickets/{ticket}/", 200, priority="high"),
    ],
    "api/v1/tickets/<int:number>/messages/": [
        api("tickets/{ticket}/messages/"),
        api_verb("POST", "tickets/{ticket}/messages/", 201, text="Hi"),
    ],
    "api/v1/tickets/<int:number>/notes/": [
        api_verb("POST", "tickets/{ticket}/notes/", 201, text="Hm")
    ],
    "api/v1/messages/<int:pk>/": [api("messages/{message}/")],
    "api/v1/messages/<int:pk>/reaction/": [
        api_verb("PUT", "messages/{message}/reaction/", 422, emoji="👍")
    ],
    "api/v1/messages/<int:pk>/attachments/<int:attachment>/": [
        api("messages/{message}/attachments/{file}/")
    ],
    "api/v1/customers/": [
        api_list("customers/"),
        Row("POST /api/v1/customers/", (201, 201, 201, UNAUTHENTICATED), {"name": "New"}),
    ],
    "api/v1/customers/<int:pk>/": [
        api("customers/{customer}/"),
        api_verb("PATCH", "customers/{customer}/", 200, language="en"),
    ],
    "api/v1/customers/<int:pk>/identities/": [
        api_verb("POST", "customers/{customer}/identities/", 201, kind="email", value="a@b.example")
    ],
    "api/v1/customers/<int:pk>/timeline/": [api("customers/{customer}/timeline/")],
    "api/v1/channels/": [api_list("channels/")],
    "api/v1/canned-replies/": [api_list("canned-replies/")],
    "api/v1/teams/": [api_list("teams/")],
    "api/v1/agents/": [api_list("agents/")],
    "api/^v1/.*$": [Row("GET /api/v1/nothing/", (404, 404, 404, UNAUTHENTICATED))],
}

# Whole trees with one rule, each with tests of its own.
TREES = ("admin/", "accounts/", "demo/", "widget/")


@dataclass
class World:
    """The hidden ticket and everybody around it."""

    names: dict[str, Any]
    agents: dict[str, Agent]

    def call(self, row: Row, role: str) -> HttpResponse:
        method, path = row.call.split(" ", 1)
        client = self._client(role, path)
        data = {key: str(value).format(**self.names) for key, value in row.data.items()}
        body = {"data": data, "content_type": "application/json"} if "/api/" in path else {}
        if method == "POST" and not body:
            body = {"data": data}
        return client.generic_call(method, path.format(**self.names), body)

    def _client(self, role: str, path: str) -> Caller:
        caller = Caller()
        if role != "nobody" and path.startswith("/api/"):
            caller.defaults["HTTP_AUTHORIZATION"] = f"Bearer {self._token(role)}"
        elif role != "nobody":
            caller.force_login(self.agents[role])
        return caller

    def _token(self, role: str) -> str:
        return ApiToken.objects.issue(self.agents[role])


class Caller(Client):
    def generic_call(self, method: str, path: str, body: dict[str, Any]) -> Any:
        return getattr(self, method.lower())(path, **body)


@pytest.fixture
def world(post: Channel, line: Channel, grace: Agent, heidi: Agent) -> World:
    vault = Team.objects.create(name="Vault", is_members_only=True)
    vault.members.add(heidi)
    for channel in (post, line):
        ChannelPolicy.objects.create(channel=channel, team=vault)
    admin = Agent.objects.create_superuser("admin@desk.example", "admin-password")
    said = hear(post, f"{SECRET} inside", subject=f"{SECRET} outside", html=f"<p>{SECRET}</p>")
    ticket = said.ticket
    ticket.customer.name = f"{SECRET} person"
    ticket.customer.save()
    names = {
        "ticket": ticket.pk,
        "customer": ticket.customer_id,
        "message": said.pk,
        **_picture(said, heidi),
        **_answers(said, heidi),
        **_more(post, said, heidi),
        **_person(said, heidi),
    }
    newcomer = Agent.objects.create_user("new@desk.example")
    names["token"] = Invitation.objects.issue(newcomer)
    return World(names, {"admin": admin, "member": heidi, "outsider": grace})


def _file(message: Message) -> Attachment:
    content = drawn(size=(4, 3))
    file = Attachment(message=message, name="a.png", content_type="image/png", size=len(content))
    file.file.save("a.png", ContentFile(content))
    return file


def _picture(said: Message, by: Agent) -> dict[str, Any]:
    """A file of the message, and its address inside the frame of the original."""
    file = _file(said)
    link = framed_link(Framed(said, attachment=file), by=by)
    return {"file": file.pk, "picture": link.removeprefix("/pictures/"), "sound": _sound(said).pk}


def _sound(message: Message) -> Attachment:
    file = Attachment(message=message, name="a.ogg", content_type="audio/ogg", size=4)
    file.file.save("a.ogg", ContentFile(b"OggS"))
    return file


def _answers(said: Message, by: Agent) -> dict[str, Any]:
    """A message of ours in each state that can be decided about, and a file we send."""
    failed = reply(said.conversation, "one", by=by)
    uncertain = reply(said.conversation, "two", by=by)
    Message.objects.filter(pk=failed.pk).update(status=Message.Status.FAILED)
    Message.objects.filter(pk=uncertain.pk).update(status=Message.Status.UNCERTAIN)
    link = media.public_url(_file(failed)).split("/files/")[1].split("/")[0]
    return {"failed": failed.pk, "uncertain": uncertain.pk, "link": link}


def _more(post: Channel, said: Message, by: Agent) -> dict[str, Any]:
    """A strand that can be split off, a join that can be undone, a ticket to join."""
    joined, other = hear(post, "second"), hear(post, "third")
    merge = joining.join(joined.ticket, into=said.ticket, by=by)
    strand = Conversation.objects.get(pk=joined.conversation_id)
    template = MessageTemplate.objects.create(
        channel=post, name="greeting", language="en", status="APPROVED"
    )
    names = {"merge": merge.pk, "other": other.ticket_id, "strand": strand.pk}
    return {**names, "template": template.name}


def _person(said: Message, by: Agent) -> dict[str, Any]:
    """A claim, an address, somebody merged into the customer, and somebody who could be."""
    customer = Ticket.objects.get(pk=said.ticket_id).customer
    claim = customer.claims.create(kind="phone", value="+1", key="+1", source="form")
    merged, stray = (Customer.objects.create(name=name) for name in ("Merged", "Stray"))
    return {
        "claim": claim.pk,
        "identity": customer.identities.get().pk,
        "point": customer.contact_points.get().pk,
        "folded": people.merge(merged, into=customer, by=by).pk,
        "stray": stray.pk,
    }


def _cases() -> Iterator[Any]:
    for rows in ROWS.values():
        for row in rows:
            for role, status in zip(ROLES, row.heard, strict=True):
                yield pytest.param(row, role, status, id=f"{row.call} as {role}")


@pytest.mark.parametrize(("row", "role", "status"), list(_cases()))
def test_everybody_hears_what_they_may(world: World, row: Row, role: str, status: int) -> None:
    response = world.call(row, role)
    assert response.status_code == status
    if role in ("outsider", "nobody") and f"q={SECRET}" not in row.call:
        assert SECRET not in _text(response)


@pytest.mark.parametrize("path", [f"/?q={SECRET}", f"/tickets/?q={SECRET}"])
def test_search_gives_no_hint_of_what_it_hides(world: World, path: str) -> None:
    shown = _text(world.call(Row(f"GET {path}", (200,) * 4), "outsider"))
    assert f't-{world.names["ticket"]}"' not in shown
    assert not [word for word in ("inside", "outside", "person") if f"{SECRET} {word}" in shown]


@pytest.mark.parametrize(
    "row",
    [row for rows in ROWS.values() for row in rows if row.heard[2] == MISSING],
    ids=lambda row: row.call,
)
def test_forbidden_looks_exactly_like_missing(world: World, row: Row) -> None:
    forbidden = world.call(row, "outsider")
    nothing = World(dict.fromkeys(world.names, 999999), world.agents)
    missing = nothing.call(row, "outsider")
    assert (forbidden.status_code, _text(forbidden)) == (missing.status_code, _text(missing))


def test_every_address_has_a_row() -> None:
    assert set(_routes(get_resolver())) == set(ROWS)


def test_get_changes_nothing(world: World) -> None:
    for route, rows in ROWS.items():
        for row in rows:
            if row.call.startswith("POST") and "/api/" not in row.call:
                asked = Row(row.call.replace("POST", "GET"), row.heard)
                assert world.call(asked, "member").status_code == 405, route


@pytest.mark.parametrize("role", ["member", "outsider", "nobody"])
def test_only_admins_enter_the_admin(world: World, role: str) -> None:
    response = world.call(Row("GET /admin/", (200,) * 4), role)
    assert response.status_code in (302, 403)


def _routes(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for one in resolver.url_patterns:
        route = prefix + str(one.pattern)
        if route.startswith(TREES):
            continue
        if isinstance(one, URLPattern):
            yield route
        else:
            yield from _routes(one, route)


def _text(response: Any) -> str:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return bytes(content).decode(errors="replace")
