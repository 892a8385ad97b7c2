"""Earlier studies of these systems as they were written, mistakes and all, to measure their cost.

Nothing else in the package imports this; ``docs/errata.md`` lists the mistakes.
"""

from truescore.documents.ising import EulerAsWritten, FlipsAsWritten

__all__ = ["EulerAsWritten", "FlipsAsWritten"]
