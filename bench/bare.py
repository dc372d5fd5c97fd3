"""The limit: the journal's row by bare INSERT and COMMIT, `python -m bench.bare URL N`; prints
how many a second."""

from __future__ import annotations

import sys
import time
from uuid import uuid4

import psycopg

ROW = """
    INSERT INTO channels_app_inboundevent (channel_id, source, source_key, content_key, headers,
        query_string, body, received_at, state, attempts, error)
    VALUES (1, 'webhook', %s, %s, %s, '', %s, now(), 'processed', 0, '')
"""
HEADERS = '{"content-type": "application/x-www-form-urlencoded", "host": "127.0.0.1:8000"}'


def main(url: str, number: int) -> None:
    """Insert so many rows."""
    with psycopg.connect(url, autocommit=True) as database:
        started = time.perf_counter()
        for _ in range(number):
            key = uuid4().hex
            database.execute(ROW, (key, key * 2, HEADERS, key.encode() * 12), prepare=True)
        print(number / (time.perf_counter() - started))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
