"""The ladder: samplings of one law, each one thing further from perfect, on the same noise."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from truescore.budget.start import align, exact_start
from truescore.denoisers import Denoiser, oracle
from truescore.denoisers.oracle import RealOracle, SiteOracle
from truescore.errors import UserError
from truescore.randomness import keyed_generator
from truescore.runs import Run
from truescore.samplers import AnalyticTrapezoidal, Heun, Sampler
from truescore.targets import SampledLaw, Target

Start = Callable[[Tensor, torch.Generator], Tensor]
# Exact endings go on from the run's last time t > 0 to t/30 in so many steps.
ENDING, ENDING_STEPS = 1 / 30, 8
FEWEST_FINE, MOST_FINE = 64, 256
# Points moved together: the oracle is slower on fewer.
CHUNK = 1000


@dataclass(frozen=True)
class Leg:
    """A part of the way from T to 0: times ``(k + 1,)``, falling, and what moves points by them."""

    sampler: Sampler
    times: Tensor


@dataclass(frozen=True)
class Rung:
    """One sampling of the ladder.

    Attributes:
        letter: A to G; all below learning in one are EF or EFG.
        cause: what is further from perfect than in the rung before.
        denoiser: the oracle or a network.
        start: from exact samples x_0 ``(n, d)`` and a generator to points at t = T.
        legs: of the way to t = 0.
    """

    letter: str
    cause: str
    denoiser: Denoiser
    start: Start
    legs: Sequence[Leg]

    @torch.inference_mode()
    def sample(
        self,
        x_0: Tensor,
        seed: int,
        on_chunk: Callable[[int], None] | None = None,
    ) -> Tensor:
        """As many points ``(n, d)`` as there are exact samples ``x_0``, for the exact start.

        The generators of start and path are keyed by seed and chunk alone: what one rung draws
        more than another does not shift the noise of what comes after.
        """
        chunks = []
        for index, x in enumerate(x_0.split(CHUNK)):
            x = self.start(x, keyed_generator(seed, "budget start", index))
            generator = keyed_generator(seed, "budget path", index)
            for leg in self.legs:
                x = leg.sampler.path(self.denoiser, x, leg.times.float(), generator)
            chunks.append(x)
            if on_chunk is not None:
                on_chunk(len(x))
        return torch.cat(chunks)


def oracle_rungs(run: Run, fine_steps: int) -> list[Rung]:
    """A to D: the exact score, with the run's own prior, steps and final step one after the other.

    A: x_T from the law, ``fine_steps`` steps of the reference sampler (Heun's rule of reals, the
    analytic trapezoidal one of sites), an exact ending: 8 more steps from the run's last time t > 0
    to t/30. B: the run's prior. C: its sampler and steps down to t. D: its final step, from t to 0.
    """
    check_ladder(run)
    exact, sampler = oracle(run.target, run.process), run.sampler
    reference, times = reference_sampler(run, fine_steps), sampler.times(exact)
    ending = Leg(reference, _ending(float(times[-2])))
    fine = Leg(reference, reference.times(exact)[:-1])
    fine_ending = Leg(reference, _ending(float(fine.times[-1])))

    def perfect(x_0: Tensor, generator: torch.Generator) -> Tensor:
        return exact_start(sampler, exact, x_0, generator)

    own = own_start(sampler, exact)
    return [
        Rung("A", "exact score", exact, perfect, [fine, fine_ending]),
        Rung("B", "prior", exact, own, [fine, fine_ending]),
        Rung("C", "step size", exact, own, [Leg(sampler, times[:-1]), ending]),
        Rung("D", "final step", exact, own, [Leg(sampler, times)]),
    ]


def learned_rung(run: Run, letter: str, cause: str, denoiser: Denoiser) -> Rung:
    """A network in place of the oracle; prior, steps and final step are the run's."""
    align(denoiser, oracle(run.target, run.process))
    legs = [Leg(run.sampler, run.sampler.times(denoiser))]
    return Rung(letter, cause, denoiser, own_start(run.sampler, denoiser), legs)


def own_start(sampler: Sampler, denoiser: Denoiser) -> Start:
    """The sampler's own law at t = T."""

    def start(x_0: Tensor, generator: torch.Generator) -> Tensor:
        return sampler.start(denoiser, len(x_0), x_0.shape[1], generator)

    return start


def reference_sampler(run: Run, fine_steps: int) -> Sampler:
    """What moves points where steps should not be seen."""
    if run.target.state_space == "real":
        return Heun(fine_steps, "spectral")
    return AnalyticTrapezoidal(fine_steps, "quadratic")


def default_fine_steps(run: Run) -> int:
    """Four times the run's, which leaves a sixteenth of an error of second order; 64 to 256."""
    return min(MOST_FINE, max(FEWEST_FINE, 4 * run.sampler.steps))


def check_ladder(run: Run) -> None:
    """Raise ``UserError`` if the run's law or sampler has no ladder."""
    check_law(run.target)
    exact = oracle(run.target, run.process)
    if not isinstance(exact, RealOracle | SiteOracle) or not run.sampler.times(exact)[0] > 0:
        raise UserError(
            f"got a run with sampler={run.config['sampler']['name']}, which has no noise levels,"
            " expected one that goes from t = T to 0: no budget can be made"
        )


def check_law(target: Target) -> None:
    """Raise ``UserError`` unless exact values and the exact score are known."""
    if isinstance(target, SampledLaw) or not target.has_posterior:
        raise UserError(
            f"got a run on {type(target).__name__}, whose exact score is not known, expected a law"
            " with exact values and posterior: no budget can be made"
        )


def _ending(t: float) -> Tensor:
    """Times from t down to t/30, evenly in log t, and 0."""
    times = t * ENDING ** torch.linspace(0, 1, ENDING_STEPS + 1, dtype=torch.float64)
    return torch.cat([times, torch.zeros(1, dtype=torch.float64)])
