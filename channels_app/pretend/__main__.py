"""`python -m channels_app.pretend --port 8111 --state FILE`: the provider as a process.

Account and token come from PRETEND_ACCOUNT_SID and PRETEND_AUTH_TOKEN, else they are made up.
The first line on stdout is JSON with `url`, `account_sid` and `auth_token`.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from types import FrameType

from channels_app.pretend.server import make_server
from channels_app.pretend.twilio import PACE, PretendTwilio


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    options = _options()
    twilio = PretendTwilio(
        os.environ.get("PRETEND_ACCOUNT_SID", ""),
        os.environ.get("PRETEND_AUTH_TOKEN", ""),
        path=options.state,
        pace=options.pace,
    )
    server = make_server(twilio, host=options.host, port=options.port)
    signal.signal(signal.SIGTERM, _leave)
    known = {"url": twilio.url, "account_sid": twilio.account_sid, "auth_token": twilio.auth_token}
    sys.stdout.write(json.dumps(known) + "\n")
    sys.stdout.flush()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()
        twilio.stop()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m channels_app.pretend")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--state", default=":memory:", help="SQLite file that outlives the process")
    parser.add_argument("--pace", type=float, default=PACE, help="seconds between two steps")
    return parser.parse_args()


def _leave(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


main()
