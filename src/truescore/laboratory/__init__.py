"""The laboratory of dynamics: what `scripts/simulate.py` does with a configuration."""

from truescore.laboratory.run import run_simulation

__all__ = ["run_simulation"]
