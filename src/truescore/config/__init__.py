"""What a composed configuration may hold, checked and identified without importing torch."""

from truescore.config.check import check
from truescore.config.digest import config_hash
from truescore.config.simulation import check_simulation

__all__ = ["check", "check_simulation", "config_hash"]
