"""bin/prove: every proof at full size, on both databases; one line of JSON each."""

from __future__ import annotations

import argparse
import json
import sys

from bench.ground import Grounds
from bench.prove import PROOFS, prove

DATABASES = ("sqlite", "postgresql")


def main(arguments: list[str]) -> None:
    """Run the named proofs, or all; exit 1 when one did not hold."""
    options = _options(arguments)
    held = True
    for vendor in options.database or DATABASES:
        grounds = Grounds(vendor)
        for name in options.names or PROOFS:
            told = prove(name, grounds, size=options.size)
            print(json.dumps(told, default=str), flush=True)
            held = held and told["held"]
        grounds.close()
    sys.exit(not held)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/prove")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(PROOFS))
    parser.add_argument("--database", action="append", choices=DATABASES)
    parser.add_argument("--size", choices=["full", "small"], default="full")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(PROOFS):
        parser.error(f"{', '.join(sorted(unknown))}: choose from {', '.join(PROOFS)}")
    return options
