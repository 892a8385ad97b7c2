"""The one error that is meant for the person at the keyboard, and what others say, in a line."""

import traceback
from collections.abc import Iterable
from pathlib import Path


class UserError(ValueError):
    """Something the user asked for cannot be done.

    The message is one line: what was got, what is expected, what to do. The command line prints it
    without a traceback; from Python it is a plain ``ValueError``.
    """


def reason(error: Exception) -> str:
    """What an exception of somebody's code says, and where it was raised, in one line."""
    words = " ".join(str(error).split())
    *_, last = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__}: {words}; {Path(last.filename).name}, line {last.lineno}"


def either(words: Iterable[str]) -> str:
    """``a``, ``a or b``, ``a, b or c``."""
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last
