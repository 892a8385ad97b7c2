"""The laboratory of dynamics: what `scripts/simulate.py` does with a configuration."""

from truescore.laboratory.run import simulate

__all__ = ["simulate"]
