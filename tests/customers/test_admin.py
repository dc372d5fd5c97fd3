"""Customers in the admin: what can be changed there, and what not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers import consent
from customers.identify import claim, identify
from customers.models import Claim, Consent, Customer, Identity
from tests.customers.test_identify import MAIL, PHONE, At

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(get_user_model().objects.create_superuser("admin@desk.example", "secret"))
    return client


@pytest.fixture
def ada() -> Customer:
    return identify([PHONE, MAIL], name="Ada").customer


def page_of(customer: Customer) -> str:
    return reverse("admin:customers_customer_change", args=[customer.pk])


def form_of(customer: Customer, **changes: str) -> dict[str, str]:
    """What a browser sends when the page is saved as it is, but for the changes."""
    rows = {
        "identities": customer.identities.all(),
        "identities-2": [],
        "claims": customer.claims.all(),
    }
    form = {"name": customer.name, "language": "", "timezone": "", "tags": "[]", "attributes": "{}"}
    for prefix, known in rows.items():
        form |= {
            f"{prefix}-TOTAL_FORMS": str(len(known)),
            f"{prefix}-INITIAL_FORMS": str(len(known)),
        }
        for place, row in enumerate(known):
            form |= {
                f"{prefix}-{place}-id": str(row.pk),
                f"{prefix}-{place}-customer": str(customer.pk),
            }
    return form | changes


def new_address(customer: Customer, kind: str, value: str) -> dict[str, str]:
    row = {"identities-2-0-kind": kind, "identities-2-0-value": value}
    return form_of(customer, **{"identities-2-TOTAL_FORMS": "1"}, **row)


def test_an_agent_vouches_for_an_address(admin: Client, ada: Customer) -> None:
    answer = admin.post(page_of(ada), new_address(ada, "phone", "+52 1 55 1234 5678"))
    assert answer.status_code == 302
    added = ada.identities.latest("pk")
    assert (added.value, added.key, added.proven_by) == (
        "+52 1 55 1234 5678",
        "+525512345678",
        "agent",
    )


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("email", "Eve@Stranger.example", "It is an address of Eve already."),
        ("email", "nowhere", "Enter a valid email address."),
        ("phone", "07700 900123", "With its country code"),
        ("sms_sender", "\u200b", "Without an address"),
    ],
)
def test_an_address_that_cannot_be_theirs_is_refused_with_the_reason(
    admin: Client, ada: Customer, kind: str, value: str, words: str
) -> None:
    identify([At("email", "eve@stranger.example")], name="Eve")
    before = Identity.objects.count()
    answer = admin.post(page_of(ada), new_address(ada, kind, value))
    assert words in answer.content.decode()
    assert Identity.objects.count() == before


def test_an_address_can_be_marked_as_shared_but_not_rewritten(admin: Client, ada: Customer) -> None:
    changes = {"identities-0-is_shared": "on", "identities-0-value": "+15550001111"}
    assert admin.post(page_of(ada), form_of(ada, **changes)).status_code == 302
    phone = Identity.objects.get(kind="phone")
    assert (phone.is_shared, phone.value) == (True, PHONE.value)


def test_claims_and_consents_are_only_looked_at(admin: Client, ada: Customer) -> None:
    ada.claims.create(kind="email", value="typed@customer.example", key="typed@customer.example")
    now = datetime(2026, 1, 1, tzinfo=UTC)
    said = {"medium": "sms", "sender": "+1555", "source": "keyword <stop>", "at": now}
    consent.record(kind="phone", value=PHONE.value, allowed=False, **said)
    consent.record(kind="phone", value="+447700900999", allowed=False, **said | {"source": "Eve"})
    page = admin.get(page_of(ada)).content.decode()
    assert "typed@customer.example" in page
    assert "+447700900123: no" in page
    assert "keyword &lt;stop&gt;" in page
    assert "Eve" not in page
    changes = {"claims-0-value": "other@customer.example"}
    assert admin.post(page_of(ada), form_of(ada, **changes)).status_code == 302
    assert Claim.objects.get().value == "typed@customer.example"
    assert Consent.objects.count() == 2


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("tags", '{"vip": 1}', "A list of words"),
        ("tags", "[1]", "A list of words"),
        ("attributes", '["gold"]', "Names and values"),
    ],
)
def test_tags_and_attributes_keep_their_shape(
    admin: Client, ada: Customer, field: str, value: str, words: str
) -> None:
    assert words in admin.post(page_of(ada), form_of(ada, **{field: value})).content.decode()
    assert admin.post(page_of(ada), form_of(ada, **{field: ""})).status_code == 302
    ada.refresh_from_db()
    assert (ada.tags, ada.attributes) == ([], {})


def test_nobody_is_deleted_here(admin: Client, ada: Customer) -> None:
    delete = reverse("admin:customers_customer_delete", args=[ada.pk])
    assert admin.post(delete, {"post": "yes"}).status_code == 403


def queries_of(admin: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as made:
        assert admin.get(address).status_code == 200
    return len(made)


def test_the_list_costs_the_same_with_one_row_and_with_three(admin: Client, ada: Customer) -> None:
    everybody = reverse("admin:customers_customer_changelist")
    assert "+44 7700 900123, ada@customer.example" in admin.get(everybody).content.decode()
    one = queries_of(admin, everybody)
    identify([At("email", "eve@stranger.example")], name="Eve")
    claim("", kind="email", value=MAIL.value, source="form")
    assert queries_of(admin, everybody) == one


def test_a_page_costs_the_same_with_one_address_and_with_three(admin: Client) -> None:
    ada = identify([PHONE]).customer
    ada.claims.create(kind="email", value="one@customer.example", key="one@customer.example")
    one = queries_of(admin, page_of(ada))
    identify([PHONE, MAIL, At("sms_sender", "60777")])
    for name in ("two", "three"):
        ada.claims.create(kind="email", value=f"{name}@customer.example", key=name)
    assert queries_of(admin, page_of(ada)) == one


@pytest.mark.parametrize("asked", ["Ada", "900123", "ada@customer"])
def test_a_customer_is_found_by_name_and_address(admin: Client, ada: Customer, asked: str) -> None:
    identify([At("email", "eve@stranger.example")], name="Eve")
    found = admin.get(reverse("admin:customers_customer_changelist"), {"q": asked})
    assert list(found.context["cl"].queryset) == [ada]
