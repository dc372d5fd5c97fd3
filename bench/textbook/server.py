"""The stock application under the same server and the same settings of it as the desk's."""

from __future__ import annotations

import os

import uvicorn


def main() -> None:
    """Serve until SIGTERM."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.textbook.settings"
    uvicorn.run(
        "bench.textbook.asgi:application",
        host="127.0.0.1",
        port=int(os.environ["PORT"]),
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        lifespan="off",
        log_level="error",
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=3,
    )


if __name__ == "__main__":
    main()
