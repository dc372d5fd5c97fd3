from __future__ import annotations

import resource
import time
from typing import Any

import pytest
from django.core.cache import cache
from PIL import Image

from channels_app.models import Channel
from inbox import pictures
from inbox.models import Attachment
from inbox.pictures import redraw, reencoded
from tests.inbox.pictures.drawing import (
    CANARY,
    attached,
    drawn,
    encoded,
    noise,
    opened,
    png_that_claims,
    replace,
    with_exif,
)

SCRIPT = b"<script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><image href="https://t.example/x"/></svg>'


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    cache.clear()


def mean(picture: Image.Image, at: tuple[int, int]) -> str:
    red, _green, blue = picture.convert("RGB").getpixel(at)
    return "red" if red > blue else "blue"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_picture_is_redrawn_within_its_edge(kind: str) -> None:
    picture = opened(reencoded(drawn(kind), max_edge=320))
    assert (picture.format, picture.size) == ("WEBP", (320, 240))
    assert (mean(picture, (40, 120)), mean(picture, (280, 120))) == ("red", "blue")


def test_a_small_picture_stays_small() -> None:
    assert opened(reencoded(drawn(size=(40, 30)), max_edge=320)).size == (40, 30)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16", "CMYK"])
def test_every_kind_of_pixel_is_drawn(mode: str) -> None:
    picture = Image.new(mode, (40, 30))
    file = encoded(picture, "JPEG" if mode == "CMYK" else "PNG")
    assert opened(reencoded(file, max_edge=320)).size == (40, 30)


def test_sixteen_bits_of_grey_are_scaled_and_not_cut() -> None:
    grey = encoded(Image.new("I;16", (40, 30), 32768))
    assert opened(reencoded(grey, max_edge=320)).convert("L").getpixel((20, 15)) == 128


def test_what_can_be_seen_through_stays_so() -> None:
    clear = encoded(Image.new("RGBA", (40, 30), (255, 0, 0, 0)))
    picture = opened(reencoded(clear, max_edge=320))
    assert (picture.mode, picture.getpixel((5, 5))[3]) == ("RGBA", 0)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_camera_held_upright_shows_upright_and_tells_nothing_else(kind: str) -> None:
    raw = with_exif(6, kind)
    assert CANARY in raw
    file = reencoded(raw, max_edge=320)
    picture = opened(file)
    assert picture.size == (240, 320)
    assert (mean(picture, (120, 40)), mean(picture, (120, 280))) == ("red", "blue")
    assert file is not None
    assert CANARY not in file
    assert not picture.getexif()
    assert b"EXIF" not in file


def test_of_an_animation_the_first_frame_is_shown() -> None:
    red, blue = (Image.new("RGB", (40, 30), colour) for colour in ("red", "blue"))
    file = encoded(red, "GIF", save_all=True, append_images=[blue])
    picture = opened(reencoded(file, max_edge=320))
    assert (mean(picture, (20, 15)), getattr(picture, "n_frames", 1)) == ("red", 1)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(SVG, id="SVG"),
        pytest.param(b"<!doctype html>" + SCRIPT, id="HTML"),
        pytest.param(b"%PDF-1.7\n%%EOF", id="PDF"),
        pytest.param(encoded(Image.new("RGB", (9, 9)), "TIFF"), id="TIFF"),
        pytest.param(encoded(Image.new("RGB", (9, 9)), "BMP"), id="BMP"),
        pytest.param(encoded(Image.new("RGB", (9, 9)), "ICO"), id="ICO"),
        pytest.param(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", id="PostScript"),
        pytest.param(drawn()[:-200], id="truncated PNG"),
        pytest.param(drawn("JPEG")[:-500], id="truncated JPEG"),
        pytest.param(drawn("WEBP")[:-50], id="truncated WebP"),
        pytest.param(drawn()[:20], id="only a beginning"),
        pytest.param(b"GIF89a" + SCRIPT, id="HTML that begins like a GIF"),
        pytest.param(png_that_claims(60_000, 60_000, bytes(1_000_000)), id="bomb"),
        pytest.param(png_that_claims(8_000, 5_001, bytes(5_100_000)), id="a pixel too many"),
        pytest.param(png_that_claims(0, 0), id="no pixel at all"),
        pytest.param(png_that_claims(2**31 - 1, 1), id="two billion wide"),
    ],
)
def test_anything_else_is_no_picture(raw: bytes) -> None:
    started = time.monotonic()
    assert reencoded(raw, max_edge=320) is None
    assert time.monotonic() - started < redraw.SECONDS


def test_a_webp_bomb_costs_no_memory() -> None:
    red, blue = (Image.new("RGB", (40, 30), colour) for colour in ("red", "blue"))
    small = encoded(red, "WEBP", save_all=True, append_images=[blue])
    assert (small[12:16], opened(reencoded(small, max_edge=320)).size) == (b"VP8X", (40, 30))
    canvas = (16_382).to_bytes(3, "little")
    bomb = small[:24] + canvas + canvas + small[30:]
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert reencoded(bomb, max_edge=320) is None
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss <= max(before, 800_000)  # KB


def test_fifty_thousand_by_one_is_only_wide() -> None:
    assert opened(reencoded(drawn(size=(50_000, 1)), max_edge=320)).size == (320, 1)


def test_a_second_meaning_does_not_come_through() -> None:
    both = drawn("GIF") + SCRIPT
    file = reencoded(both, max_edge=320)
    assert file is not None
    assert b"script" not in file
    assert file.startswith(b"RIFF")


def test_text_inside_the_picture_file_does_not_come_through() -> None:
    from PIL.PngImagePlugin import PngInfo

    said = PngInfo()
    said.add_text("Comment", SCRIPT.decode())
    file = reencoded(drawn(pnginfo=said), max_edge=320)
    assert file is not None
    assert b"script" not in file


def test_more_bytes_than_a_mail_may_have_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redraw, "MAX_BYTES", 1000)
    assert reencoded(noise(40, 40), max_edge=320) is None


def test_a_drawer_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    sleeper = tmp_path / "sleeper.py"
    sleeper.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(redraw, "_CHILD", str(sleeper))
    monkeypatch.setattr(redraw, "SECONDS", 0.5)
    started = time.monotonic()
    assert reencoded(drawn(), max_edge=320) is None
    assert time.monotonic() - started < 5


def test_a_file_is_drawn_once_an_hour(post: Channel) -> None:
    file = attached(post, drawn())
    first = pictures.of_attachment(file, max_edge=320)
    replace(file, b"gone")
    assert pictures.of_attachment(file, max_edge=320) == first
    assert pictures.of_attachment(file, max_edge=1600) is None


def test_two_edges_are_two_pictures(post: Channel) -> None:
    file = attached(post, drawn(size=(2000, 1000)))
    sizes = [opened(pictures.of_attachment(file, max_edge=edge)).size for edge in (320, 1600)]
    assert sizes == [(320, 160), (1600, 800)]


def test_a_file_that_is_no_more_is_no_picture(post: Channel) -> None:
    file = attached(post, drawn())
    file.file.delete(save=False)
    file.file.name = "gone/away"
    assert pictures.of_attachment(file, max_edge=320) is None


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({}, True),
        ({"content_type": "image/svg+xml"}, False),
        ({"content_type": "text/html"}, False),
        ({"state": "pending"}, False),
        ({"size": redraw.MAX_BYTES + 1}, False),
        ({"size": 0}, False),
    ],
)
def test_only_stored_rasters_are_offered_as_pictures(fields: dict[str, Any], shown: bool) -> None:
    file = Attachment(**({"content_type": "image/png", "size": 10} | fields))
    assert pictures.may_show(file) is shown
