"""Laws."""

from math import isfinite
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationInfo, field_validator

from truescore.config.schema.fields import (
    ClassPath,
    Count,
    NonNegative,
    Open,
    Positive,
    Strict,
    Word,
)
from truescore.state_space import StateSpace

# The section that says how a simulator is run, by its name; exact samples need none.
SECTIONS = {
    "langevin": "langevin",
    "glauber": "markov_chain",
    "metropolis": "markov_chain",
    "wolff": "markov_chain",
    "checkerboard": "markov_chain",
}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


class Langevin(Strict):
    """The section ``langevin`` of a law of reals; times in units where the mobility is 1."""

    integrator: Literal["strang", "mala", "euler_maruyama", "leimkuhler_matthews", "tamed_euler"]
    dt: Positive
    n_chains: Count
    burn_in: NonNegative
    thin: Positive
    # What a run from before there was a choice has not; its walls follow from the integrator.
    start: Literal["normal", "zero"] = "normal"
    box: Literal["none", "reflecting", "rejecting"] | None = None
    flips: bool = False
    temperatures: list[Positive] = []
    preconditioned: bool = False


class MarkovChain(Strict):
    """The section ``markov_chain`` of a law of spins; times in sweeps."""

    n_chains: Count
    start: Literal["uniform", "up"]
    burn_in: Annotated[int, Field(ge=0)]
    thin: Count


class Trajectory(Strict):
    """The section ``trajectory`` of a law of spins; its step must be below the horizon."""

    step: Positive


class AnyDataset(Open):
    """What the data module reads of any law; the rest are the law's own arguments."""

    target: ClassPath
    name: Word
    state_space: StateSpace
    n_train: Count
    n_val: Count
    batch_size: Count
    langevin: Langevin | None = None
    markov_chain: MarkovChain | None = None
    simulator: Literal["exact", "langevin", "glauber", "metropolis", "wolff", "checkerboard"]
    trajectory: Trajectory | None = None
    # A run from before there was a choice.
    forward: Literal["simulation_free", "trajectory"] = "simulation_free"

    @field_validator("forward")
    @classmethod
    def _has_a_step(cls, value: str, info: ValidationInfo) -> str:
        if value == "trajectory" and info.data.get("trajectory", ...) is None:
            raise ValueError("simulation_free: this law has no section dataset.trajectory")
        return value

    @field_validator("simulator")
    @classmethod
    def _is_described(cls, value: str, info: ValidationInfo) -> str:
        section = SECTIONS.get(value)
        if section is not None and info.data.get(section, ...) is None:
            raise ValueError(f"exact: this law has no section dataset.{section} to say how")
        return value


class RealDataset(AnyDataset, Strict):
    """What laws of reals share."""

    state_space: Literal["real"]
    simulator: Literal["exact", "langevin"]
    trajectory: None = None
    forward: Literal["simulation_free"] = "simulation_free"


class SpinDataset(AnyDataset, Strict):
    """What laws of spins share."""

    state_space: Literal["spin"]
    simulator: Literal["exact", "glauber", "metropolis", "wolff", "checkerboard"]


class IsingRing(SpinDataset):
    """conf/dataset/ising_ring.yaml; its covariance is held as dim x dim numbers."""

    dim: Annotated[int, Field(ge=3, le=4096)]
    coupling: float
    temperature: Positive

    @field_validator("temperature")
    @classmethod
    def _is_finite_physics(cls, value: float, info: ValidationInfo) -> float:
        coupling = abs(info.data.get("coupling", 0.0))
        if coupling > 300 * value:
            raise ValueError(f"at least |dataset.coupling| / 300 = {coupling / 300:g}")
        return value


class IsingChain(SpinDataset):
    """conf/dataset/ising_chain.yaml; couplings and fields are numbers or lists of them."""

    dim: Annotated[int, Field(ge=2, le=4096)]
    boundary: Literal["open", "periodic"]
    coupling: Any
    field: Any
    temperature: Positive

    @field_validator("boundary")
    @classmethod
    def _closes(cls, value: str, info: ValidationInfo) -> str:
        if value == "periodic" and info.data.get("dim") == 2:
            raise ValueError("open, or dataset.dim=3 or more: two sites make no ring")
        return value

    @field_validator("coupling", "field")
    @classmethod
    def _has_one_for_each(cls, value: Any, info: ValidationInfo) -> Any:
        bonds = info.field_name == "coupling"
        if not all(_is_number(x) for x in (value if isinstance(value, list) else [value])):
            raise ValueError(f"a number, or a list with one for each {'bond' if bonds else 'site'}")
        count = info.data.get("dim", 0) - int(bonds and info.data.get("boundary") == "open")
        if isinstance(value, list) and "dim" in info.data and len(value) != count:
            raise ValueError(f"one number or {count} of them, not {len(value)}")
        return value

    @field_validator("temperature")
    @classmethod
    def _is_finite_physics(cls, value: float, info: ValidationInfo) -> float:
        for name in ("coupling", "field"):
            given = info.data.get(name, 0.0)
            strongest = max(map(abs, given if isinstance(given, list) else [given]), default=0.0)
            if strongest > 80 * value:
                raise ValueError(f"at least |dataset.{name}| / 80 = {strongest / 80:g}")
        return value


class IsingTorus(SpinDataset):
    """conf/dataset/ising_torus.yaml; exact samples if its shorter side has at most 10 sites."""

    rows: Annotated[int, Field(ge=3, le=1000)]
    columns: Annotated[int, Field(ge=3, le=1000)]
    coupling: float
    temperature: Positive

    @field_validator("columns")
    @classmethod
    def _fits_its_rows(cls, value: int, info: ValidationInfo) -> int:
        rows = info.data.get("rows", 3)
        if min(rows, value) > 10 and rows * value > 4096:
            raise ValueError(f"at most {4096 // rows}, or 10: dataset.rows={rows} are many")
        if min(rows, value) > 10 and info.data.get("simulator") == "exact":
            raise ValueError(
                f"at most 10, or dataset.simulator=wolff: with dataset.rows={rows} no samples are"
                " exact"
            )
        return value

    @field_validator("coupling")
    @classmethod
    def _can_be_satisfied(cls, value: float, info: ValidationInfo) -> float:
        rows, columns = info.data.get("rows", 3), info.data.get("columns", 3)
        if value < 0 and min(rows, columns) > 10 and (rows % 2 or columns % 2):
            raise ValueError("a number >= 0, or an even number of dataset.rows and of columns")
        return value

    @field_validator("temperature")
    @classmethod
    def _is_finite_physics(cls, value: float, info: ValidationInfo) -> float:
        coupling = abs(info.data.get("coupling", 0.0))
        if coupling > 10 * value:
            raise ValueError(f"at least |dataset.coupling| / 10 = {coupling / 10:g}")
        sides = info.data.get("rows", 3), info.data.get("columns", 3)
        if min(sides) > 10 and "coupling" in info.data and coupling < 0.01 * value:
            raise ValueError(
                f"at most 100 |dataset.coupling| = {100 * coupling:g}: both sides > 10"
            )
        return value


class PottsRing(AnyDataset, Strict):
    """conf/dataset/potts_ring.yaml; pairs of indicators are held as (dim q)^2 numbers."""

    state_space: Literal["categorical"]
    simulator: Literal["exact"]
    dim: Annotated[int, Field(ge=3, le=512)]
    n_states: Annotated[int, Field(ge=2, le=32)]
    coupling: float
    temperature: Positive

    @field_validator("temperature")
    @classmethod
    def _is_finite_physics(cls, value: float, info: ValidationInfo) -> float:
        coupling = abs(info.data.get("coupling", 0.0))
        if coupling > 300 * value:
            raise ValueError(f"at least |dataset.coupling| / 300 = {coupling / 300:g}")
        return value


class GrayCode(AnyDataset, Strict):
    """conf/dataset/gray_code.yaml."""

    state_space: Literal["spin"]
    simulator: Literal["exact"]
    dim: Literal[32]
    points: Literal[
        "2spirals", "8gaussians", "circles", "moons", "pinwheel", "swissroll", "checkerboard"
    ]


class GinzburgLandau(RealDataset):
    """conf/dataset/ginzburg_landau.yaml."""

    dim: Annotated[int, Field(ge=2)]
    lam: Positive
    temperature: Positive
    half_width: Annotated[float, Field(ge=0.01)] | None


class FourWell(RealDataset):
    """conf/dataset/four_well.yaml."""

    dim: Literal[1]
    temperature: Annotated[float, Field(ge=0.01)]


class SwissRoll(RealDataset):
    """conf/dataset/swiss_roll.yaml."""

    dim: Literal[2]
    noise: Positive


class IsotropicGaussian(RealDataset):
    """conf/dataset/isotropic_gaussian.yaml."""

    dim: Count
    scale: Positive


class CorrelatedGaussian(RealDataset):
    """conf/dataset/anticorrelated_gaussian.yaml."""

    dim: Annotated[int, Field(ge=2)]
    correlation: Annotated[float, Field(gt=-1, lt=1)]

    @field_validator("correlation")
    @classmethod
    def _is_possible(cls, value: float, info: ValidationInfo) -> float:
        lowest = -1 / (info.data.get("dim", 2) - 1)
        if value <= lowest:
            raise ValueError(f"a number > -1 / (dataset.dim - 1) = {lowest:g}")
        return value


class SymmetricMixture(RealDataset):
    """conf/dataset/symmetric_mixture.yaml."""

    dim: Literal[2]
    n_components: Annotated[int, Field(ge=2)]
    radius: Positive
    scale: Positive


class RandomMixture(RealDataset):
    """conf/dataset/random_mixture.yaml."""

    dim: Count
    n_components: Count
    spread: Positive
    scale: Positive
    seed: Annotated[int, Field(ge=0, lt=2**32)]


DATASETS: dict[str | None, type[BaseModel]] = {
    "ising_ring": IsingRing,
    "ising_chain": IsingChain,
    "ising_torus": IsingTorus,
    "potts_ring": PottsRing,
    "gray_code": GrayCode,
    "ginzburg_landau": GinzburgLandau,
    "four_well": FourWell,
    "swiss_roll": SwissRoll,
    "isotropic_gaussian": IsotropicGaussian,
    "anticorrelated_gaussian": CorrelatedGaussian,
    "symmetric_mixture": SymmetricMixture,
    "random_mixture": RandomMixture,
    None: AnyDataset,
}
