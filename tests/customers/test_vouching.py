from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from channels_app.messages import Address as Known
from customers.identify import claim, identify, owner_of, prove
from customers.merging import merge
from customers.models import Claim, Customer, Identity
from customers.vouching import dismiss, end, share, vouch

pytestmark = pytest.mark.django_db

MAIL = Known("email", "ada@customer.example")


def prove_it(typed: Claim) -> None:
    prove(typed, proven_by="agent")


@pytest.fixture
def ada() -> Customer:
    return identify([Known("phone", "+447700900123")]).customer


def test_an_agent_answers_for_what_they_enter(ada: Customer) -> None:
    known = vouch(ada, kind="email", value="Ada@Customer.example", by="Grace")
    assert isinstance(known, Identity)
    assert (known.customer, known.proven_by, str(known)) == (ada, "agent", "Ada@Customer.example")
    assert not ada.claims.filter(settled_at=None).exists()


def test_an_address_of_somebody_else_stays_a_claim(ada: Customer) -> None:
    other = identify([MAIL]).customer
    for _ in range(2):
        known = vouch(ada, kind="email", value=MAIL.value, by="Grace")
    assert isinstance(known, Claim)
    assert ada.claims.get().source == "entered by Grace"
    owner = owner_of(MAIL)
    assert owner is not None
    assert owner.customer == other


@pytest.mark.parametrize(
    ("kind", "value"),
    [("email", "ada"), ("phone", "07700 900123"), ("visitor", "abcd"), ("nonsense", "x")],
)
def test_what_is_no_address_is_refused(ada: Customer, kind: str, value: str) -> None:
    with pytest.raises(ValidationError):
        vouch(ada, kind=kind, value=value, by="Grace")


def test_a_dismissed_claim_is_neither_shown_nor_found(ada: Customer) -> None:
    typed = claim("", kind="email", value=MAIL.value, source="form")
    assert str(typed.customer) == MAIL.value
    dismiss(typed)
    present = Customer.objects.get(pk=typed.customer_id)
    assert (present.label, present.words) == ("", "")


def test_an_ended_address_may_become_somebody_elses(ada: Customer) -> None:
    end(ada.identities.get())
    assert Customer.objects.get(pk=ada.pk).label == ""
    assert identify([Known("phone", "+447700900123")]).customer != ada


def test_a_shared_address_stays_theirs(ada: Customer) -> None:
    share(ada.identities.get(), is_shared=True)
    again = identify([Known("phone", "+447700900123")])
    assert (again.customer, again.is_shared) == (ada, True)


class TestSomebodyMergedThemJustNow:
    """What an agent still has on the screen is acted on as it is by now."""

    @pytest.fixture
    def gone(self) -> Customer:
        return claim("Ada", kind="email", value=MAIL.value, source="form").customer

    def test_a_claim_is_proven_for_whom_it_went_to(self, ada: Customer, gone: Customer) -> None:
        typed = gone.claims.get()
        merge(gone, into=ada)
        identity = prove(typed, proven_by="agent")
        assert identity is not None
        assert identity.customer == ada
        assert not gone.identities.exists()

    def test_nothing_is_entered_for_one_who_is_gone(self, ada: Customer, gone: Customer) -> None:
        merge(gone, into=ada)
        with pytest.raises(ValidationError):
            vouch(gone, kind="phone", value="+447700900999", by="Grace")
        assert not gone.claims.exists()

    @pytest.mark.parametrize("verb", [dismiss, prove_it])
    def test_the_survivor_is_summed_up(self, ada: Customer, gone: Customer, verb) -> None:
        typed = gone.claims.get()
        merge(gone, into=ada)
        verb(typed)
        ada.refresh_from_db()
        gone.refresh_from_db()
        assert ("customer" in ada.words) is (verb is prove_it)
        assert "customer" not in gone.words
