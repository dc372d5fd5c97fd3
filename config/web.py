"""The web process: `python -m config.web`."""

from __future__ import annotations

import warnings

import uvicorn
from django.conf import settings

from config import asgi


def main() -> None:
    """Serve pages, webhooks and sockets on HOST:PORT until SIGTERM."""
    # Files are read by a thread in one go, as meant; an async iterator would cost a hop per block.
    warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous")
    uvicorn.run(
        asgi.application,
        host=settings.HOST,
        port=settings.PORT,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        # Finds browsers that vanished; the living speak up themselves every 50 s.
        ws_ping_interval=180,
        ws_ping_timeout=60,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.TRUSTED_PROXIES),
        forwarded_allow_ips=settings.TRUSTED_PROXIES,
        # Providers keep their connections for the next event.
        timeout_keep_alive=75,
        timeout_graceful_shutdown=3,
    )


if __name__ == "__main__":
    main()
