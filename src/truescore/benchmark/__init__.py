"""How fast things are beside others that do the same: ratios of times measured in one run.

Nothing here imports torch until a group is measured: the groups' own files do.
"""

from truescore.benchmark.rows import Row, Spread, Target
from truescore.benchmark.settings import GROUPS, Settings, settings

__all__ = ["GROUPS", "Row", "Settings", "Spread", "Target", "settings"]
