"""What a run on spins shows beside all others: its forward process and whose covariances match."""

import torch
from matplotlib.figure import Figure
from torch import Tensor

from truescore import plots
from truescore.processes import SpinFlip
from truescore.randomness import keyed_generator
from truescore.runs import Run
from truescore.targets import SampledLaw

# Fractions of the horizon at which the forward process is shown, after its first time.
SHOWN_AT = (0.1, 0.25, 0.5, 1.0)
N_SHOWN = 24


def spin_figures(run: Run, training_data: Tensor, samples: Tensor) -> dict[str, Figure]:
    """Figures of a run on spins; none for any other.

    Args:
        run: the trained run.
        training_data: ``(n_train, d)``.
        samples: generated, ``(n, d)``.
    """
    if run.target.state_space != "spin":
        return {}
    figures = {}
    if isinstance(run.process, SpinFlip):
        figures["forward"] = _forward(run.process, training_data[:N_SHOWN])
    if not isinstance(run.target, SampledLaw):
        figures["covariances"] = _covariances(run, training_data, samples)
    return figures


def _forward(process: SpinFlip, x_0: Tensor) -> Figure:
    times = torch.tensor([process.t_min, *(at * process.horizon for at in SHOWN_AT)])
    path = process.trajectory(x_0, times, keyed_generator(0, "forward"))
    return plots.forward_spins(times.numpy(), torch.stack(list(path)).numpy())


def _covariances(run: Run, training_data: Tensor, samples: Tensor) -> Figure:
    """Of as many uniform spins as were generated, of the generated ones, and of the data."""
    uniform = torch.randint(2, samples.shape, generator=keyed_generator(0, "uniform control"))
    sets = {
        "uniform control": 2.0 * uniform - 1,
        "generated": samples,
        plots.TRAINING_DATA: training_data,
    }
    mean = run.target.mean()
    deviations = {name: x.double() - mean for name, x in sets.items()}
    shown = {name: (x.mT @ x / len(x)).numpy() for name, x in deviations.items()}
    return plots.covariance_row(shown, run.target.covariance().numpy())
