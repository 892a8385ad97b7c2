"""What ``scripts/sample.py`` is asked of a trained law besides its own samples."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from truescore.errors import UserError

KEYS = ("hold", "temperature", "magnetisation", "sweeps")
SWEEPS = 100.0


@dataclass(frozen=True)
class Condition:
    """Under which condition samples are asked for; see ``truescore.samplers.Conditioned``.

    Attributes:
        held: values of held sites, by their number from 0.
        temperature: T', in the law's units of energy; its own if left out.
        magnetisation: sum over all spins; any if left out.
        sweeps: moves at t = 0, redraws of each site.
    """

    held: dict[int, float] = field(default_factory=dict)
    temperature: float | None = None
    magnetisation: int | None = None
    sweeps: float = SWEEPS

    def words(self) -> list[str]:
        """What tells samples under this condition apart, for the name of their file."""
        held = "-".join(f"{site}at{value:g}" for site, value in self.held.items())
        sweeps = None if self.sweeps == SWEEPS else f"{self.sweeps:g}"
        said = {
            "hold": held,
            "T": self.temperature,
            "M": self.magnetisation,
            "sweeps": sweeps,
        }
        return [f"{name}{value}" for name, value in said.items() if value not in (None, "")]

    def __str__(self) -> str:
        """As on the command line, without the sweeps."""
        held = ",".join(f"{site}:{value:g}" for site, value in self.held.items())
        said = {
            "hold": held or None,
            "temperature": self.temperature,
            "magnetisation": self.magnetisation,
        }
        return " ".join(f"{name}={value}" for name, value in said.items() if value is not None)

    @property
    def only_temperature(self) -> bool:
        """Whether the samples are those of the same law at another temperature."""
        return not self.held and self.magnetisation is None


def condition(asked: Mapping[str, str]) -> Condition | None:
    """From the texts of a command line, ``hold=0:1,5:-1 temperature=0.8``; ``None`` of none.

    Raises:
        UserError: a text is not a number, or ``sweeps`` stand alone.
    """
    if not any(key in asked for key in KEYS):
        return None
    if set(asked) & set(KEYS) == {"sweeps"}:
        raise UserError("got sweeps= alone, expected hold=, temperature= or magnetisation= with it")
    temperature = _number(asked, "temperature")
    if temperature is not None and not 0 < temperature < math.inf:
        raise UserError(f"got temperature={asked['temperature']}, expected > 0: raise it")
    magnetisation = _number(asked, "magnetisation")
    if magnetisation is not None and not magnetisation.is_integer():
        raise UserError(
            f"got magnetisation={asked['magnetisation']}, expected a whole number: the sum of spins"
        )
    sweeps = _number(asked, "sweeps")
    return Condition(
        _held(asked.get("hold", "")),
        temperature,
        None if magnetisation is None else int(magnetisation),
        SWEEPS if sweeps is None else sweeps,
    )


def conditioned(sampler: Any, target: Any, asked: Condition) -> Any:
    """A sampler that meets a condition, for a law of known temperature.

    Raises:
        UserError: the law is one of reals, or has no temperature to be changed.
    """
    from truescore.samplers import Conditioned

    if target.state_space == "real":
        raise UserError(
            f"got {type(target).__name__}, a law of reals, expected spins or states: no hold,"
            " temperature or magnetisation there"
        )
    power = 1.0
    if asked.temperature is not None:
        own = getattr(target, "temperature", None)
        if own is None:
            raise UserError(
                f"got temperature={asked.temperature:g} of {type(target).__name__}, which has no"
                " temperature: leave it out"
            )
        power = own / asked.temperature
    return Conditioned(sampler, asked.held, power, asked.magnetisation, asked.sweeps)


def _held(text: str) -> dict[int, float]:
    held: dict[int, float] = {}
    for pair in filter(None, text.split(",")):
        site, colon, value = pair.partition(":")
        try:
            number, said = int(site), float(value)
        except ValueError:
            number, said, colon = -1, 0.0, ""
        if not colon or number in held:
            raise UserError(
                f"got hold={text}, expected SITE:VALUE, each site once, as in hold=0:1,5:-1"
            )
        held[number] = said
    return held


def _number(asked: Mapping[str, str], key: str) -> float | None:
    if key not in asked:
        return None
    try:
        return float(asked[key])
    except ValueError as error:
        raise UserError(f"got {key}={asked[key]}, expected a number: mend it") from error
