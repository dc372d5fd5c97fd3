"""Two calls with one Idempotency-Key at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from channels_app.models import Channel
from inbox.models import Agent, Message, Note
from tests.flows.saying import sms
from tests.inbox.api.conftest import Program

ROUNDS = 10


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", ["messages", "notes"])
def test_one_is_done_and_both_hear_of_it(
    grace: Agent, program_of: Callable[[Agent], Program], text_line: Channel, what: str
) -> None:
    path = f"tickets/{sms(text_line, 'Hi').ticket_id}/{what}/"
    programs = [program_of(grace), program_of(grace)]
    for number in range(ROUNDS):
        answers = at_once(programs, path, key=f"round {number}")
        assert [answer.status_code for answer in answers] == [201, 201]
        assert answers[0].json() == answers[1].json()
    done = Message.objects.filter(direction="outbound") if what == "messages" else Note.objects
    assert done.count() == ROUNDS


def at_once(programs: list[Program], path: str, *, key: str) -> list[Any]:
    barrier = threading.Barrier(len(programs))
    answers: list[Any] = []

    def call(program: Program) -> None:
        barrier.wait()
        try:
            answers.append(program.post(path, {"text": key}, key=key))
        finally:
            connection.close()

    threads = [threading.Thread(target=call, args=(program,)) for program in programs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers
