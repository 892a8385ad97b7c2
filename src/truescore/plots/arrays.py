"""Checks at the door of every figure: wrong shapes become one clear line."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from truescore.errors import UserError

Floats = NDArray[np.float64]
STATE_SPACES = ("real", "spin", "categorical")


def array(name: str, value: ArrayLike, shape: tuple[int | str, ...]) -> Floats:
    """Return ``value`` as float64 after checking its shape.

    Args:
        name: The argument's name, for the message.
        value: Anything numpy can read.
        shape: Expected shape; a string stands for a free, non-zero length (``("n", "d")``).

    Raises:
        UserError: The shape differs.
    """
    result = np.asarray(value, dtype=np.float64)
    fits = result.ndim == len(shape) and all(
        got > 0 if isinstance(want, str) else got == want
        for got, want in zip(result.shape, shape, strict=True)
    )
    if not fits:
        wanted = ", ".join(str(want) for want in shape) + ("," if len(shape) == 1 else "")
        raise UserError(f"{name}: got shape {result.shape}, expected ({wanted}); pass it so.")
    return result


def samples(name: str, value: ArrayLike, state_space: str, dim: int | str = "d") -> Floats:
    """Return samples ``(n, d)`` after checking the shape, the state space and the values."""
    if state_space not in STATE_SPACES:
        raise UserError(f"state_space: got {state_space!r}, expected one of {STATE_SPACES}.")
    result = array(name, value, ("n", dim))
    if state_space == "spin" and not np.all(np.abs(result) == 1):
        raise UserError(f"{name}: got values other than -1 and +1; pass spins, or say 'real'.")
    if state_space == "categorical" and not np.all((result >= 0) & (result == np.round(result))):
        raise UserError(f"{name}: got values other than 0, 1, 2, ...; pass states, or say 'real'.")
    return result


def same_length(name: str, items: list[str], length: int) -> list[str]:
    """Return ``items`` after checking that there are ``length`` of them."""
    if len(items) != length:
        raise UserError(f"{name}: got {len(items)} entries, expected {length}; pass one per row.")
    return items
