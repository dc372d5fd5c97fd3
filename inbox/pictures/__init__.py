"""Customers' pictures, redrawn: what a screen shows is never the file that came.

A picture is decoded in a process of its own and encoded anew, so that nothing but its pixels
comes through: no script behind the pixels, no place where it was taken, no second format.
"""

from inbox.pictures.links import Framed, framed_link, opened
from inbox.pictures.redraw import LARGE, THUMBNAIL, may_show, of_attachment, reencoded
from inbox.pictures.remote import of_address

__all__ = [
    "LARGE",
    "THUMBNAIL",
    "Framed",
    "framed_link",
    "may_show",
    "of_address",
    "of_attachment",
    "opened",
    "reencoded",
]
