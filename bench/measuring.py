"""bin/bench: every figure, or the named ones."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from bench.figures import ack, burst, live, mail, screens, sockets, start
from bench.report import Figure, table, write_json

FIGURES: dict[str, Callable[[int], list[Figure]]] = {
    "ack": ack.measure,
    "live": live.measure,
    "sockets": sockets.measure,
    "screens": screens.measure,
    "burst": burst.measure,
    "mail": mail.measure,
    "start": start.measure,
}


def main(arguments: list[str]) -> None:
    """Measure, print a table, write JSON where asked; exit 1 when an aim is missed."""
    options = _options(arguments)
    figures: list[Figure] = []
    for name in options.names or FIGURES:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        figures += FIGURES[name](options.rounds)
    print(table(figures))
    if options.json:
        write_json(options.json, figures)
    sys.exit(any(figure.is_met is False for figure in figures))


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/bench")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(FIGURES))
    parser.add_argument("--rounds", type=int, default=5, help="interleaved runs of each contender")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(FIGURES):
        parser.error(f"{', '.join(sorted(unknown))}: choose from {', '.join(FIGURES)}")
    return options
