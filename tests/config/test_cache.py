"""A cache whose server went away."""

from __future__ import annotations

import pytest

from config.cache import ForgivingRedisCache


@pytest.fixture
def away(tmp_path):
    options = {"socket_connect_timeout": 0.2, "socket_timeout": 0.2}
    return ForgivingRedisCache(f"unix://{tmp_path}/nobody.sock", {"OPTIONS": options})


def test_without_its_server_everything_is_a_miss_and_nothing_breaks(away):
    away.set("key", 1)
    assert away.get("key", "nothing") == "nothing"
    assert away.get_many(["key"]) == {}
    assert away.add("key", 1) is True
    assert away.set_many({"key": 1}) == []
    assert away.delete("key") is False
    assert away.get_or_set("key", lambda: 7) == 7


def test_with_its_server_it_keeps_things(settings):
    cache = ForgivingRedisCache(settings.REDIS_URL, {"KEY_PREFIX": settings.REDIS_PREFIX})
    cache.set("kept", {"a": 1}, 60)
    assert cache.get("kept") == {"a": 1}
    assert cache.add("kept", 2) is False
    assert cache.delete("kept") is True
