"""All that a benchmark has measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from truescore.benchmark.rows import Row

SCHEMA_VERSION = 2


@dataclass(frozen=True)
class Benchmark:
    """What was measured.

    Attributes:
        machine: plain values on the machine and the libraries.
        rows: the measurements.
        seconds: of the wall by group, its own preparations included.
    """

    machine: dict[str, Any]
    rows: Sequence[Row]
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def total_seconds(self) -> float:
        """Of all groups."""
        return sum(self.seconds.values())

    @property
    def groups(self) -> dict[str, list[Row]]:
        """Rows by group, in the order they came."""
        found: dict[str, list[Row]] = {}
        for row in self.rows:
            found.setdefault(row.group, []).append(row)
        return found

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "schema_version": SCHEMA_VERSION,
            "machine": self.machine,
            "seconds": dict(self.seconds),
            "total_seconds": self.total_seconds,
            "rows": [row.as_dict() for row in self.rows],
        }

    def heading(self) -> str:
        """The machine and the time it took, in one line."""
        known = self.machine
        return (
            f"{known['processor']}, {known['cores']} cores, {known['threads']} threads,"
            f" device {known['device']}, torch {known['torch']},"
            f" flags {', '.join(known['cpu_flags']) or 'unknown'}, load {known['load'][0]:.1f};"
            f" {self.total_seconds:.0f} s in all"
        )
