"""What gets into the log, and what never does."""

from __future__ import annotations

import ast
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog

from config import env, logs

PRODUCT = ("config", "customers", "channels_app", "inbox")
SPEAKERS = {"debug", "info", "warning", "error", "exception", "critical"}


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """What went to stderr; logging is put back as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield lambda: capsys.readouterr().err
    root.handlers[:] = handlers
    root.setLevel(level)


def break_with(text: str) -> None:
    try:
        raise ValueError(text)
    except ValueError:
        logging.getLogger("desk").exception("broke")


def test_only_keys_on_the_list_get_into_a_line(said):
    logs.configure("json", tells_all=False)
    logging.getLogger("desk").warning("said", extra={"ticket": 7, "text": "canary"})
    structlog.get_logger("desk").warning("told", message_id=8, address="canary@example.com")
    written = said()
    lines = [json.loads(line) for line in written.splitlines()]
    assert [(line["event"], line.get("ticket"), line.get("message_id")) for line in lines] == [
        ("said", 7, None),
        ("told", None, 8),
    ]
    assert "canary" not in written


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_an_exception_says_where_it_broke_and_not_what_it_held(said, log_format):
    logs.configure(log_format, tells_all=False)
    break_with("canary")
    written = said()
    assert "canary" not in written
    assert "ValueError at" in written
    assert "break_with" in written


def test_a_developer_sees_the_whole_exception(said):
    logs.configure("json", tells_all=True)
    break_with("canary")
    assert "ValueError: canary" in said()


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_every_line_is_one_line(said, log_format):
    logs.configure(log_format, tells_all=False)
    structlog.get_logger("desk").warning("told", reason="a\nb\r\nlevel=error")
    assert len(said().splitlines()) == 1


def test_every_key_the_product_logs_is_on_the_list():
    wrong = [
        f"{path}:{call.lineno} {key}"
        for room in PRODUCT
        for path in (env.ROOT / room).rglob("*.py")
        for call in calls_of_loggers(path)
        for key in keys_of(call)
        if key not in logs.ALLOWED_KEYS - {"event", "level", "logger", "timestamp"}
    ]
    assert wrong == []


def calls_of_loggers(path: Path) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text())):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in SPEAKERS
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "logger"
        ):
            yield node


def keys_of(call: ast.Call) -> Iterator[str]:
    for keyword in call.keywords:
        if keyword.arg == "extra" and isinstance(keyword.value, ast.Dict):
            yield from (key.value for key in keyword.value.keys if isinstance(key, ast.Constant))
        elif keyword.arg not in (None, "exc_info", "extra"):
            yield str(keyword.arg)


def test_a_failed_request_is_told_without_its_path(said):
    logs.configure("json", tells_all=False)
    logging.getLogger("django.request").error("Internal Server Error: %s", "/invitations/canary/")
    assert "canary" not in said()
