"""From the sections of a configuration to objects."""

import inspect
from collections.abc import Mapping
from typing import Any, cast

import torch
from hydra.utils import get_class
from torch import Tensor

from truescore.denoisers import Denoiser, LearnedRealDenoiser, LearnedSpinDenoiser
from truescore.errors import UserError
from truescore.losses import Loss
from truescore.processes import GaussianNoise, Process, SpinFlip
from truescore.samplers import Sampler
from truescore.targets import Target
from truescore.targets.fitted import fit_two_wells

# Keys of a section that the framework reads; all others are arguments of the section's class.
LABELS = ("name", "state_space")
OF_DATA = ("n_train", "n_val", "batch_size", "simulator", "langevin")
OF_SAMPLING = ("n_generate", "chunk_size")
SKIP_COMPONENTS = {"none": 0, "wiener": 1, "two_wells": 2}


def build(section: Mapping[str, Any], leave: tuple[str, ...] = (), **offered: Any) -> Any:
    """Call a section's ``_target_`` with its other keys.

    Args:
        section: a mapping with ``_target_``.
        leave: keys that are not arguments.
        offered: further arguments, passed on if the class has them.
    """
    kind = get_class(section["_target_"])
    arguments = {
        key: value for key, value in section.items() if key not in (*LABELS, *leave, "_target_")
    }
    accepted = inspect.signature(kind).parameters
    arguments |= {key: value for key, value in offered.items() if key in accepted}
    try:
        return kind(**arguments)
    except TypeError as error:
        raise UserError(
            f"got {section['_target_']} with keys {', '.join(arguments)}: {error};"
            " make the keys of the section its arguments"
        ) from error


def build_target(config: Mapping[str, Any]) -> Target:
    """The law of ``config['dataset']``."""
    return build(config["dataset"], leave=OF_DATA)


def build_process(config: Mapping[str, Any], dim: int) -> Process:
    """The noising process of ``config['sde']``."""
    return build(config["sde"], dim=dim)


def build_sampler(config: Mapping[str, Any]) -> Sampler:
    """The sampler of ``config['sampler']``."""
    return build(config["sampler"], leave=OF_SAMPLING)


def build_loss(config: Mapping[str, Any]) -> Loss:
    """The loss of ``config['loss']``."""
    return build(config["loss"])


def build_denoiser(
    config: Mapping[str, Any], dim: int, process: Process, data: Tensor | None
) -> Denoiser:
    """The network of ``config['model']`` behind its denoiser.

    Args:
        config: the run's configuration.
        dim: number of sites.
        process: the run's process.
        data: training data ``(n, d)``, of which a denoiser of reals keeps the second moments and
            the skip law; ``None`` for placeholders that a checkpoint will fill.
    """
    model = config["model"]
    net = build(model["net"], dim=dim)
    if model["state_space"] == "spin":
        return LearnedSpinDenoiser(net, cast(SpinFlip, process))
    if data is not None and model["net"].get("reflection"):
        # What is measured must have the network's symmetry, or the denoiser loses it.
        data = torch.cat([data, data.flip(1)])
    second_moment, means, covariance = _skip_law(model["skip"], dim, data)
    return LearnedRealDenoiser(net, cast(GaussianNoise, process), second_moment, means, covariance)


def _skip_law(skip: str, dim: int, data: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
    """Second moments of the data; means and shared covariance of the skip law."""
    n_components = SKIP_COMPONENTS[skip]
    if data is None:
        eye = torch.eye(dim)
        return eye, torch.zeros(n_components, dim), eye
    if len(data) <= dim:
        raise UserError(
            f"got dataset.n_train={len(data)} for {dim} sites, expected more than {dim} to measure"
            " the scale of every mode: raise dataset.n_train"
        )
    data = data.double()
    second_moment = data.mT @ data / len(data)
    if skip == "two_wells":
        law = fit_two_wells(data)
        return second_moment, law.means, law.covariances[0]
    return second_moment, torch.zeros(n_components, dim), second_moment
