from __future__ import annotations

import os

import hypothesis
import pytest

from tests.oracles import reasons_to_skip

# A busy machine is no bug: how long things may take is asked by tests of their own.
hypothesis.settings.register_profile("desk", deadline=None, print_blob=True)
hypothesis.settings.load_profile("desk")


def pytest_report_header() -> str:
    return f"database: {os.environ.get('TEST_DATABASE', 'sqlite')}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests whose partner program is missing are skipped visibly (with CI=true they fail)."""
    reasons = reasons_to_skip()
    for item in items:
        for marker in reasons.keys() & {mark.name for mark in item.iter_markers()}:
            item.add_marker(pytest.mark.skip(reason=reasons[marker]))


@pytest.fixture(autouse=True)
def _is_on_the_chosen_database(request: pytest.FixtureRequest) -> None:
    """A suite once passed silently on the wrong database."""
    if request.node.get_closest_marker("django_db") is None:
        return
    from django.db import connection

    assert connection.vendor == os.environ.get("TEST_DATABASE", "sqlite")
