"""The process that redraws one picture: `python -I child.py EDGE`, the file on standard input,
a WebP on standard output.

It imports nothing of ours. On a file it can't draw within its bounds it just dies: its parent
knows what that means.
"""

from __future__ import annotations

import io
import resource
import sys
import warnings
from typing import BinaryIO

from PIL import Image, ImageOps

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
MAX_PIXELS = 40_000_000
MEMORY = 768 * 1024 * 1024
CPU_SECONDS = 8
QUALITY = 85


def main(*, edge: int, source: BinaryIO, target: BinaryIO) -> None:
    """Redraw one picture, neither side longer than `edge` pixels."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    drawn = io.BytesIO()  # nothing leaves before the last pixel was read
    _pixels(source.read(), edge).save(drawn, "WEBP", quality=QUALITY, method=2, use_sharp_yuv=True)
    target.write(drawn.getvalue())


def _pixels(raw: bytes, edge: int) -> Image.Image:
    """The first frame, upright, less everything the file says about itself."""
    with Image.open(io.BytesIO(raw), formats=FORMATS) as opened:
        opened.draft("RGB", (edge, edge))
        picture = _in_eight_bits(opened)
        picture.thumbnail((edge, edge))
        upright = ImageOps.exif_transpose(picture)
    upright.info = {}
    return upright


def _in_eight_bits(opened: Image.Image) -> Image.Image:
    if opened.mode.startswith("I"):  # 16 bits of grey; Pillow would cut them off, not scale them
        return opened.convert("I").point(lambda grey: grey / 256).convert("L").convert("RGB")
    return opened.convert("RGBA" if opened.has_transparency_data else "RGB")


if __name__ == "__main__":
    main(edge=int(sys.argv[1]), source=sys.stdin.buffer, target=sys.stdout.buffer)
