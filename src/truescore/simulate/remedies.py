"""What to do about a dataset that fails its certificate."""

from dataclasses import dataclass

from truescore.targets import Target


@dataclass(frozen=True)
class Remedies:
    """One for each kind of failure.

    Attributes:
        burn_in: the start is not forgotten.
        length: the rows are worth too few independent ones.
        step: an energy is off, as by too long a step.
    """

    burn_in: str
    length: str
    step: str


EXACT = "dataset.simulator=exact"
CHANCE = (
    "change the seed (one perfect dataset in 100 fails); if that fails too,"
    " the law's samples and its exact values disagree"
)
LANGEVIN = Remedies(
    burn_in=f"raise dataset.langevin.burn_in, lower dataset.langevin.dt or use {EXACT}",
    length=(
        "raise dataset.langevin.thin and dataset.langevin.burn_in, set dataset.langevin.flips=true"
        f" or use {EXACT}"
    ),
    step=f"lower dataset.langevin.dt, use dataset.langevin.integrator=mala or {EXACT}",
)


def remedies(simulator: str, target: Target) -> Remedies:
    """The remedies for data of a law that ``simulator`` drew, a name as in ``Certificate``."""
    if simulator == "exact":
        return Remedies(CHANCE, CHANCE, CHANCE)
    if target.state_space == "real":
        return LANGEVIN
    others = ["dataset.simulator=wolff"] if simulator != "wolff" else []
    others += [EXACT] if target.samples_exactly else []
    use = f" or use {' or '.join(others)}" if others else ""
    burn_in = f"raise dataset.markov_chain.burn_in{use}"
    length = f"raise dataset.markov_chain.thin and dataset.markov_chain.burn_in{use}"
    # Flips have no step: an energy that is off has not come to rest.
    return Remedies(burn_in, length, burn_in)
