"""What moves points in the laboratory."""

from pydantic import BaseModel

from truescore.config.schema.fields import (
    ClassPath,
    Count,
    NonNegative,
    Open,
    Positive,
    Strict,
    Word,
)


class AnyDynamics(Open):
    """What the laboratory reads of any dynamics; the rest are their own arguments."""

    target: ClassPath
    name: Word
    horizon: Positive
    steps: Count


class BrownianMotion(AnyDynamics, Strict):
    """conf/dynamics/brownian.yaml."""

    sigma: Positive


class OrnsteinUhlenbeck(AnyDynamics, Strict):
    """conf/dynamics/ou.yaml and probability_flow.yaml."""

    theta: Positive
    sigma: Positive


class OverdampedLangevin(AnyDynamics, Strict):
    """conf/dynamics/langevin.yaml."""

    sigma: Positive
    start_scale: NonNegative


class UnadjustedLangevin(Strict):
    """conf/dynamics/unadjusted_langevin.yaml; the step's upper limit is the law's."""

    target: ClassPath
    name: Word
    tau: Positive | None
    steps: Count
    start_scale: NonNegative


DYNAMICS: dict[str | None, type[BaseModel]] = {
    "brownian": BrownianMotion,
    "ou": OrnsteinUhlenbeck,
    "probability_flow": OrnsteinUhlenbeck,
    "langevin": OverdampedLangevin,
    "unadjusted_langevin": UnadjustedLangevin,
    None: AnyDynamics,
}
