"""The desk's web process without its drain, so that nothing but the door is measured."""

from config import web
from inbox.drains import drain


def main() -> None:
    """Serve as config.web does; what is stored stays waiting."""
    drain.take = lambda events: None  # type: ignore[method-assign]
    drain.ring = lambda: None  # type: ignore[method-assign]
    web.main()


if __name__ == "__main__":
    main()
