"""What is looked at during training: samples, held against the truth, at every validation."""

from collections.abc import Mapping
from typing import Any, cast

import torch
from pytorch_lightning.loggers import TensorBoardLogger
from torch import Tensor, nn

from truescore.figures import sample_figures
from truescore.metrics import PerfectSamples, evaluate_samples
from truescore.randomness import keyed_generator
from truescore.samplers import Sampler
from truescore.samplers.cuda_graphs import replayed
from truescore.targets import Target
from truescore.training.module import ScoreModule


class SampleMonitor:
    """Draws with the averaged weights and logs every metric beside its floor, and figures.

    The truth only judges here: nothing that it says chooses a checkpoint or stops a run.

    Args:
        target: the law.
        sampler: draws the samples.
        n_samples: how many.
        chunk_size: how many at a time.
        settings: the ``metrics`` section of the configuration.
        seed: key of the draws.
        cuda_graphs: whether the network is replayed, on a GPU.
    """

    def __init__(
        self,
        target: Target,
        sampler: Sampler,
        n_samples: int,
        chunk_size: int,
        settings: Mapping[str, Any],
        seed: int,
        cuda_graphs: bool = False,
    ) -> None:
        self.target = target
        self.sampler = sampler
        self.n_samples = n_samples
        self.chunk_size = chunk_size
        self.seed = seed
        self.cuda_graphs = cuda_graphs
        self.perfect = PerfectSamples(target, settings["n_null"])

    def try_recording(self, module: ScoreModule) -> None:
        """Draw two points where the network is to be replayed: one that cannot be is told now."""
        if self.cuda_graphs:
            self._draw(module, 2, keyed_generator(self.seed, "recording", device=module.device))

    def __call__(self, module: ScoreModule, step: int) -> None:
        """Sample, judge, log."""
        generator = keyed_generator(self.seed, "validation samples", step, device=module.device)
        samples = self._draw(module, self.n_samples, generator)
        scalars = {}
        for name, judgement in evaluate_samples(self.perfect, samples).items():
            scalars[f"{name}/value"] = judgement.value
            scalars[f"{name}/floor"] = judgement.floor
        for logger in module.loggers:
            logger.log_metrics(scalars, step=step)
            if isinstance(logger, TensorBoardLogger):
                for name, figure in sample_figures(self.target, samples).items():
                    logger.experiment.add_figure(name, figure, global_step=step)

    def _draw(self, module: ScoreModule, n: int, generator: torch.Generator) -> Tensor:
        with replayed(cast(nn.Module, module.denoiser.net), self.cuda_graphs):
            return self.sampler.sample(
                module.denoiser, n, self.target.dim, generator, self.chunk_size
            ).cpu()
