"""Figures, each beside the limit or peer it was measured with: a table for people, JSON else."""

from __future__ import annotations

import json
import platform
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from os import cpu_count
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured thing. `ratio` is value to peer in the direction in which more is better,
    `aim` what it should reach: at least for a ratio, at most for a `limit`."""

    name: str
    value: float
    unit: str
    peer: str = ""
    peer_value: float | None = None
    ratio: float | None = None
    aim: float | None = None
    limit: float | None = None
    runs: tuple[float, ...] = ()

    @property
    def is_met(self) -> bool | None:
        """Whether the aim is met; None when there is none."""
        if self.aim is not None and self.ratio is not None:
            return self.ratio >= self.aim
        return None if self.limit is None else self.value <= self.limit


def faster(
    name: str, ours: Sequence[float], theirs: Sequence[float], *,
    peer: str, aim: float | None, unit: str = "/s",
) -> Figure:  # fmt: skip
    """Rates of interleaved runs, compared pair by pair: the median of the ratios counts."""
    ratios = [mine / other for mine, other in zip(ours, theirs, strict=True)]
    return Figure(
        name=name,
        value=statistics.median(ours),
        unit=unit,
        peer=peer,
        peer_value=statistics.median(theirs),
        ratio=statistics.median(ratios),
        aim=aim,
        runs=tuple(ours),
    )


def at_most(name: str, runs: Sequence[float], unit: str, *, limit: float | None) -> Figure:
    """A figure that should stay below a limit: the median of its runs."""
    return Figure(name, statistics.median(runs), unit, limit=limit, runs=tuple(runs))


def interleaved(rounds: int, **contenders: Callable[[], float]) -> dict[str, list[float]]:
    """Each contender in turn, so many rounds: what wanders meanwhile meets all of them."""
    runs: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            runs[name].append(run())
    return runs


def p95(values: Sequence[float]) -> float:
    """The value that 95 of 100 stay below."""
    return statistics.quantiles(values, n=20)[18]


def table(figures: Sequence[Figure]) -> str:
    """The figures for people."""
    rows = [("what", "measured", "beside", "ratio", "aim", "")]
    rows += [_row(figure) for figure in figures]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(line.rstrip() for line in lines)


def write_json(path: Path, figures: Sequence[Figure]) -> None:
    """The figures for programs, with the machine they were measured on."""
    machine = {
        "cpus": cpu_count(),
        "python": platform.python_version(),
        "system": platform.platform(),
    }
    shown: list[dict[str, Any]] = [asdict(one) | {"is_met": one.is_met} for one in figures]
    path.write_text(json.dumps({"machine": machine, "figures": shown}, indent=2) + "\n")


def _row(figure: Figure) -> tuple[str, ...]:
    beside = f"{_short(figure.peer_value)} {figure.peer}" if figure.peer_value is not None else ""
    aim = f"≥ {figure.aim} ×" if figure.aim is not None else ""
    if figure.limit is not None:
        aim = f"≤ {_short(figure.limit)} {figure.unit}"
    verdict = {True: "met", False: "MISSED", None: ""}[figure.is_met]
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f} ×"
    return (figure.name, f"{_short(figure.value)} {figure.unit}", beside, ratio, aim, verdict)


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
