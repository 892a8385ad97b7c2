"""One simulation: move points, hold them against the truth, leave figures and a summary."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from truescore import __version__
from truescore.build import build_target
from truescore.config import config_hash
from truescore.errors import UserError
from truescore.files import CONFIG, SUMMARY, write_json
from truescore.laboratory.chain import run_chain
from truescore.laboratory.moving import run_moving
from truescore.laboratory.outcome import Outcome, show
from truescore.plots import save
from truescore.targets import Target

SCHEMA_VERSION = 1


def run_simulation(config: DictConfig | Mapping[str, Any], run_dir: Path) -> dict[str, Any]:
    """Run the configuration of ``conf/simulate.yaml`` and return its summary.

    Args:
        config: composed and checked.
        run_dir: an existing folder; gets ``config.yaml``, ``figures/`` and, last, ``summary.json``.

    Raises:
        UserError: the law is not of the plane, the integrator not for the dynamics, or points ran
            away.
    """
    started = time.perf_counter()
    config = OmegaConf.create(dict(config))
    OmegaConf.save(config, run_dir / CONFIG, resolve=True)
    plain: dict[str, Any] = OmegaConf.to_container(config, resolve=True)  # type: ignore[assignment]
    target = build_target(plain)
    needs_plane(target, plain["dataset"]["name"])
    outcome = _work(plain["dynamics"])(plain, target, run_dir / "figures")
    for name, figure in outcome.figures.items():
        save(figure, run_dir / "figures" / f"{name}.png")
    summary = {
        "schema_version": SCHEMA_VERSION,
        "truescore_version": __version__,
        "config_hash": config_hash(config),
        "name": plain["name"],
        "seed": plain["seed"],
        "n_points": plain["n_points"],
        **outcome.values,
        "figures": sorted(path.name for path in (run_dir / "figures").iterdir()),
        "seconds": round(time.perf_counter() - started, 2),
    }
    write_json(run_dir / SUMMARY, summary)
    show(summary, run_dir)
    return summary


def _work(dynamics: Mapping[str, Any]) -> Callable[[dict[str, Any], Target, Path], Outcome]:
    """The chain has a closed form of its own; all else is moved and judged alike."""
    return run_chain if dynamics["name"] == "unadjusted_langevin" else run_moving


def needs_plane(target: Target, name: str) -> None:
    """Raise ``UserError`` unless a law is of the plane."""
    if target.dim != 2:
        raise UserError(
            f"got dataset={name} of {target.dim} dimensions, expected 2: the laboratory draws the"
            " plane, use dataset=symmetric_mixture"
        )
