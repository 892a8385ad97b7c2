"""Integrators of the laboratory; they have no arguments."""

from pydantic import BaseModel

from truescore.config.schema.fields import ClassPath, Open, Strict, Word


class AnyIntegrator(Open):
    """What is read of any integrator."""

    target: ClassPath
    name: Word


class Integrator(AnyIntegrator, Strict):
    """conf/integrator."""


NAMES = ("euler", "euler_maruyama", "exact", "heun", "milstein")
INTEGRATORS: dict[str | None, type[BaseModel]] = {
    **dict.fromkeys(NAMES, Integrator),
    None: AnyIntegrator,
}
