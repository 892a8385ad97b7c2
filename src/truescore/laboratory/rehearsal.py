"""A simulation's objects, built once before any work."""

from omegaconf import DictConfig

from truescore.build import build_target
from truescore.config.check import resolve
from truescore.laboratory.moving import build_motion
from truescore.laboratory.run import needs_plane

CHAIN = "unadjusted_langevin"


def rehearse(config: DictConfig) -> None:
    """Build what ``run_simulation`` would.

    Args:
        config: a configuration that ``truescore.config.check_simulation`` finds no fault with.

    Raises:
        UserError: a class that cannot be imported or built, a law that is not of the plane,
            dynamics and an integrator that do not go together, or unstable steps.
    """
    plain, _ = resolve(config)
    target = build_target(plain)
    needs_plane(target, plain["dataset"]["name"])
    if plain["dynamics"]["name"] != CHAIN:
        build_motion(plain, target)
