"""The unadjusted chain on one Gaussian: its samples, its closed form and its best step."""

import math
from pathlib import Path
from typing import Any, cast

import torch

from truescore.dynamics import UnadjustedLangevin
from truescore.dynamics.unadjusted import best_tau, stability_limit
from truescore.errors import UserError
from truescore.laboratory import figures
from truescore.laboratory.judge import moments, rejected_moments
from truescore.laboratory.outcome import Outcome
from truescore.metrics import alike
from truescore.randomness import keyed_generator
from truescore.targets import GaussianMixture, Target


def run_chain(config: dict[str, Any], target: Target, folder: Path) -> Outcome:
    """Run the chains, hold them against their closed form and against direct samples, and draw."""
    section, seed, n = config["dynamics"], config["seed"], config["n_points"]
    if not isinstance(target, GaussianMixture):
        raise UserError(
            f"got {type(target).__name__}, expected a Gaussian: use dynamics=langevin for this law"
        )
    law = cast(GaussianMixture, target)
    steps, start_scale = section["steps"], section["start_scale"]
    best = best_tau(law, steps, start_scale)
    chain = UnadjustedLangevin(law, section["tau"] or best, steps, start_scale)
    x = chain.sample(n, keyed_generator(seed, "chains"))
    direct = law.sample(n, keyed_generator(seed, "direct")).double()
    answer = alike(x, direct, keyed_generator(seed, "permutations"))
    at_end = GaussianMixture(torch.ones(1), chain.mean()[None], chain.covariance()[None])
    for_ever = UnadjustedLangevin(law, chain.tau, math.inf, start_scale)
    finest = UnadjustedLangevin(law, best, steps, start_scale)
    title = (
        rf"do they look alike? {answer.verdict}: energy distance {answer.statistic:.3f},"
        rf" $p$ = {answer.p_value:.2g} ($K$ = {steps}, $\tau$ = {chain.tau:.3g})"
    )
    judged = [{"time": chain.tau * steps, **moments(x, at_end, keyed_generator(seed, "floors"))}]
    values = {
        "dynamics": section["name"],
        "integrator": config["integrator"]["name"],
        "dataset": config["dataset"]["name"],
        "parameters": {"tau": chain.tau, "steps": steps, "start_scale": start_scale},
        "held_against": "the exact law of the chain after its steps, in closed form",
        "moments": judged,
        "rejected": rejected_moments(judged),
        "two_sample": {**answer._asdict(), "against": "direct samples of the target", "n": n},
        "target_covariance": law.covariance().tolist(),
        "chain_covariance": chain.covariance().tolist(),
        "wasserstein_2": {"after_steps": chain.wasserstein(), "for_ever": for_ever.wasserstein()},
        "best": {"tau": best, "wasserstein_2": finest.wasserstein()},
        "stability_limit": stability_limit(law),
    }
    drawn = {
        "beside_direct": figures.beside_direct(chain, x, direct, title),
        "error_against_step": figures.error_against_step(chain),
    }
    return Outcome(values, drawn)
