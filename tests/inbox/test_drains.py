from __future__ import annotations

import threading
import time

from inbox.drains import InTurn


def test_whoever_asks_first_is_first() -> None:
    turn, order = InTurn(), []
    threads = [threading.Thread(target=_take, args=(turn, order, name)) for name in "abcde"]
    with turn:
        for thread in threads:
            thread.start()
            time.sleep(0.02)
    for thread in threads:
        thread.join()
    assert order == list("abcde")


def test_one_that_goes_round_and_round_waits_for_those_who_asked() -> None:
    turn, order = InTurn(), []
    greedy = threading.Thread(target=lambda: [_take(turn, order, "greedy") for _ in range(50)])
    with turn:
        greedy.start()
        time.sleep(0.02)
        patient = threading.Thread(target=_take, args=(turn, order, "patient"))
        patient.start()
        time.sleep(0.02)
    greedy.join()
    patient.join()
    assert order.index("patient") == 1


def test_a_failure_gives_the_turn_on() -> None:
    turn = InTurn()
    try:
        with turn:
            raise ZeroDivisionError
    except ZeroDivisionError:
        pass
    with turn:
        pass


def _take(turn: InTurn, order: list[str], name: str) -> None:
    with turn:
        order.append(name)
