"""One address spelled in two ways, on its way through the desk."""

from __future__ import annotations

import pytest

from channels_app.models import Channel
from tests.flows.saying import mail

pytestmark = pytest.mark.django_db


def test_somebody_copied_in_by_another_spelling_of_their_domain_takes_part(
    support: Channel,
) -> None:
    question = mail(support, "Where is it?", cc=("ada@büro.example",))
    answer = mail(
        support,
        "Yes, where?",
        sender="Ada@xn--bro-hoa.example",
        references=(question.message_id,),
    )
    assert answer.ticket_id == question.ticket_id
