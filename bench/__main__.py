"""`python -m bench [NAME …] [--json FILE]`, `… prove [NAME …]`, `… seed N`."""

from __future__ import annotations

import sys

from bench import measuring, proving, seeding


def main(arguments: list[str]) -> None:
    """Do what the first word says; without one of the two, measure."""
    verbs = {"prove": proving.main, "seed": seeding.main}
    if arguments and arguments[0] in verbs:
        verbs[arguments[0]](arguments[1:])
    else:
        measuring.main(arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
