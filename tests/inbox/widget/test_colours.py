from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from inbox.widget import colours
from inbox.widget.colours import DARK, ENOUGH, LIGHT, contrast, themes

COLOURS = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


@given(COLOURS)
def test_every_colour_stays_readable_in_both_themes(brand: str):
    for theme, surface in zip(themes(brand), (LIGHT, DARK), strict=True):
        fill, on_fill, ink = (
            colours._parsed(one) for one in (theme.fill, theme.on_fill, theme.ink)
        )
        assert contrast(fill, on_fill) >= ENOUGH
        assert contrast(ink, surface) >= ENOUGH


def test_contrast_is_that_of_wcag():
    assert round(contrast((255, 255, 255), (0, 0, 0)), 2) == 21
    assert round(contrast((255, 255, 255), (118, 118, 118)), 2) == 4.54


def test_a_colour_that_is_readable_already_is_left_alone():
    light, dark = themes("#3451b2")
    assert (light.fill, light.ink) == ("#3451b2", "#3451b2")
    assert dark.ink != "#3451b2"
