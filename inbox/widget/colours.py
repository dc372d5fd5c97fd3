"""A brand's colour, made readable: WCAG 2.2 contrast, computed and never taken on trust."""

from __future__ import annotations

from dataclasses import dataclass

ENOUGH = 4.5
STEP = 0.02
WHITE, BLACK = (255, 255, 255), (0, 0, 0)
# What the chat's text stands on: --surface and --raised of widget.css in both themes.
LIGHT, DARK = (255, 255, 255), (35, 39, 48)
type Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Theme:
    """`fill` is a surface in the brand's colour and `on_fill` the text on it; `ink` the brand's
    colour as text on the theme's own surfaces."""

    fill: str
    on_fill: str
    ink: str


def themes(brand: str) -> tuple[Theme, Theme]:
    """The light and the dark theme of a colour like #3451b2, every text of both at 4.5:1."""
    colour = _parsed(brand)
    return _theme(colour, on=LIGHT, towards=BLACK), _theme(colour, on=DARK, towards=WHITE)


def contrast(one: Colour, other: Colour) -> float:
    """From 1 to 21: WCAG's contrast ratio."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _theme(brand: Colour, *, on: Colour, towards: Colour) -> Theme:
    # White or black: against any colour at least one of the two reaches 4.58.
    on_fill = WHITE if contrast(brand, WHITE) >= ENOUGH else BLACK
    return Theme(_written(brand), _written(on_fill), _written(_readable(brand, on, towards)))


def _readable(colour: Colour, on: Colour, towards: Colour) -> Colour:
    share = 0.0
    mixed = colour
    while contrast(mixed, on) < ENOUGH:
        share = min(1.0, share + STEP)
        mixed = _mixed(colour, towards, share)
    return mixed


def _mixed(colour: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(colour, other, strict=True))
    return red, green, blue


def _luminance(colour: Colour) -> float:
    red, green, blue = (_linear(part / 255) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def _parsed(colour: str) -> Colour:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _written(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
