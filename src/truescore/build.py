"""From the sections of a configuration to objects."""

import inspect
import pkgutil
from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor

from truescore.denoisers import (
    Denoiser,
    LearnedCategoricalDenoiser,
    LearnedRealDenoiser,
    LearnedSpinDenoiser,
    PredictionDenoiser,
)
from truescore.errors import UserError, reason
from truescore.losses import Loss
from truescore.processes import DiscreteProcess, GaussianNoise, Process
from truescore.processes.prior import total_second_moment
from truescore.randomness import keyed_generator
from truescore.samplers import Sampler
from truescore.targets import Target, moments
from truescore.targets.fitted_mixture import fit_mixture

# Keys of a section that the framework reads; all others are arguments of the section's class.
LABELS = ("name", "state_space")
OF_DATA = (
    "n_train",
    "n_val",
    "batch_size",
    "simulator",
    "langevin",
    "markov_chain",
    "forward",
    "trajectory",
)
OF_SAMPLING = ("n_generate", "chunk_size")
# The skip law has one free mean for so many training samples, up to a limit.
SAMPLES_PER_MEAN, MOST_MEANS = 2000, 32


def build(section: Mapping[str, Any], leave: tuple[str, ...] = (), **offered: Any) -> Any:
    """Call a section's ``_target_`` with its other keys.

    Args:
        section: a mapping with ``_target_``.
        leave: keys that are not arguments.
        offered: further arguments, passed on if the class has them.
    """
    kind = _class(section["_target_"])
    arguments = {
        key: value for key, value in section.items() if key not in (*LABELS, *leave, "_target_")
    }
    signature = inspect.signature(kind)
    arguments |= {key: value for key, value in offered.items() if key in signature.parameters}
    try:
        signature.bind(**arguments)
    except TypeError as error:
        raise UserError(
            f"got {section['_target_']} with keys {', '.join(arguments)}: {error};"
            " make the keys of the section its arguments"
        ) from error
    try:
        return kind(**arguments)
    except UserError:
        raise
    except Exception as error:  # whatever a constructor, maybe the user's own, finds wrong
        values = ", ".join(f"{key}={value}" for key, value in arguments.items())
        raise UserError(
            f"got {section['_target_']} with {values}, which fails ({reason(error)}): change a"
            " value, or mend the class"
        ) from error


def _class(path: str) -> type:
    """The class of a ``_target_``.

    Raises:
        UserError: it cannot be imported, or lacks methods that its base class leaves to it.
    """
    try:
        kind = pkgutil.resolve_name(path)
        if not isinstance(kind, type):
            raise TypeError(f"{path} is no class")
    except Exception as error:  # an import runs the user's file, where anything may go wrong
        words = " ".join(str(error).split())
        raise UserError(
            f"got _target_={path}, which cannot be imported ({words}), expected package.module"
            ".Class: put the folder of your own file on PYTHONPATH"
        ) from error
    if missing := sorted(getattr(kind, "__abstractmethods__", ())):
        raise UserError(f"got {path} without {', '.join(missing)}, expected all: write them")
    return kind


def build_target(config: Mapping[str, Any]) -> Target:
    """The law of ``config['dataset']``."""
    return build(config["dataset"], leave=OF_DATA)


def build_process(config: Mapping[str, Any], dim: int, n_states: int | None = None) -> Process:
    """The noising process of ``config['sde']``.

    One whose ``sigma_max`` is ``None`` is offered the exact E|x|^2 of the law to choose it by, so
    that all runs of a law, whatever their data, share their noise.

    Args:
        config: the run's configuration.
        dim: number of sites.
        n_states: q of a law of states, ``None`` for any other; a process is not asked for it twice.
    """
    offered: dict[str, Any] = {"dim": dim}
    if n_states is not None:
        offered |= {"n_states": n_states, "spins": False}
    if config["sde"].get("sigma_max", 0) is None:
        law = build_target(config)
        offered["second_moment"] = total_second_moment(law.mean(), law.covariance())
    return build(config["sde"], **offered)


def build_sampler(config: Mapping[str, Any]) -> Sampler:
    """The sampler of ``config['sampler']``."""
    return build(config["sampler"], leave=OF_SAMPLING)


def build_loss(config: Mapping[str, Any]) -> Loss:
    """The loss of ``config['loss']``."""
    return build(config["loss"])


def build_denoiser(
    config: Mapping[str, Any],
    dim: int,
    process: Process,
    data: Tensor | None,
    n_components: int = 0,
) -> Denoiser:
    """The network of ``config['model']`` behind its denoiser.

    Of reals, one whose network corrects ``model.skip`` or predicts ``model.prediction``, whichever
    key is there.

    Args:
        config: the run's configuration.
        dim: number of sites.
        process: the run's process.
        data: training data ``(n, d)``, of which a denoiser of reals keeps the mean, the second
            moments and the skip law; ``None`` for placeholders that a checkpoint will fill.
        n_components: of the skip law in that checkpoint.
    """
    model = config["model"]
    if process.state_space == "categorical":
        return _of_states(model["net"], dim, cast(DiscreteProcess, process))
    net = build(model["net"], dim=dim)
    if process.state_space == "spin":
        return LearnedSpinDenoiser(net, cast(DiscreteProcess, process))
    gaussian = cast(GaussianNoise, process)
    if ("skip" in model) == ("prediction" in model):
        raise UserError(
            f"got model={model['name']} with {'both' if 'skip' in model else 'neither'} of"
            " model.skip and model.prediction, expected one of them: keep one"
        )
    odd, reflection = bool(model["net"].get("odd")), bool(model["net"].get("reflection"))
    second_moment = _second_moment(dim, data, reflection)
    mean = None if odd else _mean(dim, data, reflection)
    if "prediction" in model:
        return PredictionDenoiser(net, gaussian, model["prediction"], second_moment, mean)
    if data is None:
        skip = torch.ones(n_components), torch.zeros(n_components, dim), second_moment
    else:
        skip = _skip_law(model["skip"], data, second_moment, odd, reflection, config["seed"])
    return LearnedRealDenoiser(net, gaussian, second_moment, *skip, mean)


def _of_states(net: Mapping[str, Any], dim: int, process: DiscreteProcess) -> Denoiser:
    accepted = inspect.signature(_class(net["_target_"])).parameters
    if not {"n_symbols", "n_states"} <= set(accepted):
        raise UserError(
            f"got {net['_target_']}, whose constructor takes {', '.join(accepted)}, expected"
            " n_symbols (one-hot channels of a noisy site) and n_states (logits of a clean one)"
            " too: add them, or train on spins"
        )
    built = build(net, dim=dim, n_symbols=len(process.symbols), n_states=process.n_states)
    return LearnedCategoricalDenoiser(built, process)


def build_untrained(
    config: Mapping[str, Any], dim: int, process: Process, data: Tensor
) -> Denoiser:
    """The denoiser as training finds it: the same weights for the same seed.

    Arguments as in ``build_denoiser``. Torch draws first weights from its global generator, which
    is left as it was.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config["seed"])
        return build_denoiser(config, dim, process, data)


def _second_moment(dim: int, data: Tensor | None, reflection: bool) -> Tensor:
    """E[x x'] of the data, ``(d, d)``, with the network's symmetry, or the denoiser loses it."""
    if data is None:
        return torch.eye(dim)
    if len(data) <= dim:
        raise UserError(
            f"got dataset.n_train={len(data)} for {dim} sites, expected more than {dim} to measure"
            " the scale of every mode: raise dataset.n_train"
        )
    second_moment = moments.second_moment(data)
    return (second_moment + second_moment.flip(0, 1)) / 2 if reflection else second_moment


def _mean(dim: int, data: Tensor | None, reflection: bool) -> Tensor:
    """E[x] of the data, ``(d,)``, with the network's symmetry."""
    if data is None:
        return torch.zeros(dim)
    mean = data.double().mean(0)
    return (mean + mean.flip(0)) / 2 if reflection else mean


def _skip_law(
    skip: str, data: Tensor, second_moment: Tensor, odd: bool, reflection: bool, seed: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Weights, means and common covariance of the skip law."""
    dim = data.shape[1]
    if skip == "none":
        return torch.zeros(0), torch.zeros(0, dim), second_moment
    if skip == "wiener":
        return torch.ones(1), torch.zeros(1, dim), second_moment
    two_wells = skip == "two_wells"
    n_means = 1 if two_wells else max(1, min(MOST_MEANS, len(data) // SAMPLES_PER_MEAN))
    generator = keyed_generator(seed, "skip law")
    law = fit_mixture(data, n_means, generator, odd or two_wells, reflection)
    return law.weights, law.means, law.covariances[0]
