"""The error budget of a run: what each cause adds to the error of its samples."""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from truescore.budget.ladder import (
    Rung,
    check_ladder,
    default_fine_steps,
    learned_rung,
    oracle_rungs,
)
from truescore.budget.parts import Averages, Split, split
from truescore.budget.retrained import check_retraining, exact_data, retrained, unlimited_data
from truescore.denoisers import Denoiser, oracle
from truescore.errors import UserError
from truescore.files import SUMMARY
from truescore.metrics import Judgement, PerfectSamples, evaluate_samples, score_error_curve
from truescore.metrics.sample_metric import FEWEST
from truescore.randomness import keyed_generator
from truescore.runs import Run
from truescore.targets import Observable

log = logging.getLogger("truescore")
FOLDER = "budget"
SCHEMA_VERSION = 2
SCORE_ERROR = "score_error"
HELD_OUT_SEED = 0


@dataclass(frozen=True)
class Budget:
    """What was measured.

    Attributes:
        name: of the run, with its size and seed.
        n_generate: points on every rung.
        seed: of their noise.
        fine_steps: of the reference sampler.
        rungs: letter and cause, from perfect to the run itself.
        judgements: of each rung's samples, by metric; ``score_error`` of networks.
        observables: those with an L2 error, whose parts are told.
        splits: of these observables, by name.
    """

    name: str
    n_generate: int
    seed: int
    fine_steps: int
    rungs: list[tuple[str, str]]
    judgements: list[dict[str, Judgement]]
    observables: list[Observable]
    splits: dict[str, Split]

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "schema_version": SCHEMA_VERSION,
            "name": self.name,
            "n_generate": self.n_generate,
            "seed": self.seed,
            "fine_steps": self.fine_steps,
            "rungs": [
                {
                    "letter": letter,
                    "cause": cause,
                    "metrics": {name: one.as_dict() for name, one in judged.items()},
                }
                for (letter, cause), judged in zip(self.rungs, self.judgements, strict=True)
            ],
            "parts": {
                name: {
                    "parts": {
                        letter: vars(one)
                        for (letter, _), one in zip(self.rungs[1:], each.parts, strict=True)
                    },
                    "total": vars(each.total),
                    "sum_of_sizes": each.sum_of_sizes,
                    "root_of_squares": each.root_of_squares,
                }
                for name, each in self.splits.items()
            },
        }


def measure(
    run: Run,
    n_generate: int,
    seed: int = 0,
    fine_steps: int | None = None,
    train: bool = True,
    progress: Callable[[], Callable[[int], None]] | None = None,
) -> Budget:
    """Draw and judge every rung of a run's ladder.

    Args:
        run: a finished run.
        n_generate: points on every rung, at least 20.
        seed: of the points' noise.
        fine_steps: of the reference sampler, at least 2; by default four times the run's, between
            64 and 256.
        train: whether the run's configuration is trained again, on unlimited data (and on exact
            data where the run's were simulated); else these causes stay together.
        progress: called before each rung; what it gives is called with a number of points done.

    Raises:
        UserError: a law or sampler without a ladder, or training that cannot be repeated.
    """
    check_ladder(run)
    if n_generate < FEWEST or (fine_steps is not None and fine_steps < 2):
        raise UserError(
            f"got n_generate={n_generate}, fine_steps={fine_steps}, expected at least {FEWEST} and"
            " 2: raise them"
        )
    if train:
        check_retraining(run.config)
    fine_steps = fine_steps or default_fine_steps(run)
    rungs = [*oracle_rungs(run, fine_steps), *learned_rungs(run, train)]
    perfect = PerfectSamples(run.target, run.config["metrics"]["n_null"])
    observables = [o for o in perfect.observables if o.norm == "l2"]
    x_0 = run.target.sample(n_generate, keyed_generator(seed, "budget data"))
    judgements, averages = [], {o.name: [] for o in observables}
    for rung in rungs:
        log.info("%s: %s", rung.letter, rung.cause)
        x = rung.sample(x_0, seed, None if progress is None else progress())
        judgements.append(evaluate_samples(perfect, x) | _score(run, rung.denoiser))
        for o in observables:
            averages[o.name].append(Averages.of(o, x))
    n_train, run_seed = run.config["dataset"]["n_train"], run.config["seed"]
    return Budget(
        f"{run.config['name']}, d = {run.target.dim}, N = {n_train:,}, seed {run_seed}",
        n_generate,
        seed,
        fine_steps,
        [(rung.letter, rung.cause) for rung in rungs],
        judgements,
        observables,
        {name: split(each) for name, each in averages.items()},
    )


def learned_rungs(run: Run, train: bool) -> list[Rung]:
    """E to G: networks of unlimited data, of the run's number of exact data, and the run's own."""
    simulated = run.config["dataset"]["simulator"] != "exact"
    if not train:
        letters, cause = ("EFG", ", data") if simulated else ("EF", ", finite N")
        return [learned_rung(run, letters, f"learning{cause}", run.denoiser)]
    seconds = json.loads((run.path / SUMMARY).read_text(encoding="utf-8"))["seconds"]["train"]
    folder = run.path / FOLDER
    again = unlimited_data(run.config, run.target.dim)
    unlimited = retrained(again, folder / "unlimited", seconds)
    rungs = [learned_rung(run, "E", "network, training", unlimited.denoiser)]
    if simulated:
        exact = retrained(exact_data(run.config), folder / "exact_data", seconds)
        rungs.append(learned_rung(run, "F", "finite N", exact.denoiser))
        return [*rungs, learned_rung(run, "G", "simulated data", run.denoiser)]
    return [*rungs, learned_rung(run, "F", "finite N", run.denoiser)]


def _score(run: Run, denoiser: Denoiser) -> dict[str, Judgement]:
    """The error of a network's score; none of the oracle's."""
    if next(denoiser.parameters(), None) is None:
        return {}
    settings = run.config["metrics"]
    held_out = run.target.sample(settings["n_score"], keyed_generator(HELD_OUT_SEED, "held out"))
    exact = oracle(run.target, run.process)
    with torch.inference_mode():
        curve = score_error_curve(denoiser, exact, run.process, held_out, settings["n_levels"])
    return {SCORE_ERROR: curve.mean(n_bootstrap=settings["n_bootstrap"])}
