"""What values a law has, and what fits it; imports nothing, so that a configuration can ask."""

from typing import Literal

StateSpace = Literal["real", "spin", "categorical"]
# What a process, model, loss or sampler may be made for: ``discrete`` is spins and categories.
Scope = Literal["real", "spin", "categorical", "discrete"]


def fits(scope: str, space: str) -> bool:
    """Whether something made for ``scope`` works on a law with values in ``space``."""
    return scope == space or (scope == "discrete" and space in ("spin", "categorical"))
