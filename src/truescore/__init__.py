"""Train score-based diffusion models on physical laws and know how good they are."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from truescore.runs import Run, load_run

__version__ = "0.1.0"
__all__ = ["Run", "__version__", "load_run"]


def __getattr__(name: str) -> Any:
    """Import what needs torch only when it is asked for: the command line must answer at once."""
    if name in ("Run", "load_run"):
        from truescore import runs

        return getattr(runs, name)
    raise AttributeError(f"module 'truescore' has no attribute {name!r}")
