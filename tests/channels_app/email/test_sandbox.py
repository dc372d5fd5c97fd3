from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
import time

import psutil
import pytest

from channels_app.adapters.email import sandbox
from channels_app.adapters.email.reading import read
from tests.channels_app.email.conftest import DESK, RECEIVED_AT
from tests.channels_app.email.hostile import FINE

# Well within bounds, and yet a second's work.
SLOW = FINE.replace(b"Gr=C3=BC", b"From: a <b@c>\r\n" * 900_000)


def read_apart(raw: bytes):
    return sandbox.read(raw, desk=DESK, received_at=RECEIVED_AT)


@pytest.fixture
def fresh_readers(monkeypatch):
    """No reader of an earlier test; those of this one end with it."""
    idle: list = []
    monkeypatch.setattr(sandbox, "_idle", idle)
    yield idle
    for reader in idle:
        reader.end()


def test_what_the_reader_says_arrives_whole(fresh_readers):
    assert read_apart(FINE) == read(FINE, desk=DESK, received_at=RECEIVED_AT)


def test_a_reader_is_used_again(fresh_readers):
    read_apart(FINE)
    first = fresh_readers[0].process.pid
    read_apart(FINE)
    assert [reader.process.pid for reader in fresh_readers] == [first]


def test_a_reader_that_was_killed_costs_one_mail_and_is_replaced(fresh_readers):
    read_apart(FINE)
    fresh_readers[0].process.kill()
    lost = read_apart(FINE)
    assert lost.is_unreadable
    assert lost.attachments[0].content == FINE
    assert lost.subject == "Fine"
    assert lost.sender[0].value == "eve@stranger.example"
    assert not read_apart(FINE).is_unreadable


def test_a_reader_that_hangs_is_killed_in_time_and_leaves_no_process(fresh_readers, monkeypatch):
    read_apart(FINE)
    process = fresh_readers[0].process
    monkeypatch.setattr(sandbox, "SECONDS", 0.2)
    started = time.monotonic()
    message = read_apart(SLOW)
    assert time.monotonic() - started < 1
    assert message.text == "unreadable mail: reading it took too long"
    assert fresh_readers == []
    assert process.returncode is not None


def test_a_reader_has_no_more_than_half_a_gigabyte(fresh_readers):
    read_apart(FINE)
    soft, hard = psutil.Process(fresh_readers[0].process.pid).rlimit(psutil.RLIMIT_AS)
    assert soft == hard == 512 * 1024 * 1024


def test_a_reader_knows_no_secret_of_ours(fresh_readers, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "canary")
    read_apart(FINE)
    environment = psutil.Process(fresh_readers[0].process.pid).environ()
    assert "canary" not in str(environment)
    assert not environment.keys() & {"SECRET_KEY", "DATABASE_URL", "FIELD_ENCRYPTION_KEYS"}


def test_a_reader_ends_when_its_parent_is_killed():
    code = (
        "import sys, time; from channels_app.adapters.email import sandbox;"
        "reader = sandbox._Reader(); print(reader.process.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=sandbox.ROOT
    )
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    time.sleep(0.5)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    child.wait(timeout=5)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_a_reader_gone_bad_gets_no_code_into_our_process():
    class Trap:
        def __reduce__(self):
            return os.system, ("true",)

    answer = sandbox._loaded(pickle.dumps(Trap()))
    assert answer == "its reader answered something else"


def test_mails_are_read_side_by_side(fresh_readers):
    read_apart(FINE)
    thread = threading.Thread(target=read_apart, args=[SLOW])
    thread.start()
    time.sleep(0.1)
    assert read_apart(FINE).text == "Grüße"
    assert thread.is_alive()
    thread.join()


def test_our_own_process_loads_nothing_that_goes_back_and_forth_over_mail():
    code = (
        "import sys; import channels_app.adapters.email.sandbox;"
        "print(sorted({'quotequail', 'lxml', 'flufl.bounce'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=sandbox.ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
