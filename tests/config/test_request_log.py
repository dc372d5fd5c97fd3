"""What a request leaves in the log."""

from __future__ import annotations

import pytest
import structlog
from django.http import HttpResponse
from django.test import RequestFactory
from structlog.testing import capture_logs

from config import request_log
from config.request_log import RequestLog


class Match:
    route = "accounts/password/reset/key/<key>/"


@pytest.fixture(autouse=True)
def _logger_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that was used before keeps speaking to whom it spoke then."""
    monkeypatch.setattr(request_log, "logger", structlog.get_logger("request"))


def lines_of(path: str, match: object) -> list[dict]:
    request = RequestFactory().get(path)
    request.resolver_match = match
    with capture_logs() as lines:
        RequestLog(lambda _: HttpResponse(status=201))(request)
    return lines


def test_the_route_is_told_and_never_the_path_or_the_query():
    (line,) = lines_of("/accounts/password/reset/key/canary/?q=canary", Match())
    assert "canary" not in str(line)
    assert (line["route"], line["status"], line["method"]) == (Match.route, 201, "GET")


def test_a_request_to_no_page_and_a_health_check_leave_no_line():
    class Health:
        route = "healthz"

    assert lines_of("/wp-login.php", None) == []
    assert lines_of("/healthz", Health()) == []
