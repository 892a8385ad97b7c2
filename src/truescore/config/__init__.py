"""What a composed configuration may hold, checked and identified without importing torch."""

from truescore.config.check import check
from truescore.config.digest import config_hash

__all__ = ["check", "config_hash"]
