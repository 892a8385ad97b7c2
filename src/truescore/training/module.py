"""LightningModules: a loss, an optimiser, and sampling at every validation."""

from typing import Any, Literal, Protocol, cast, final

import pytorch_lightning as pl
import torch
from torch import Tensor

from truescore.denoisers import Denoiser
from truescore.errors import UserError
from truescore.losses import Loss, PairLoss
from truescore.randomness import keyed_generator
from truescore.state_space import Scope, fits
from truescore.training.network import as_it_stands
from truescore.training.shards import WholeBatchDraws, own_rows
from truescore.training.trajectories import Noised

WARM_UP = 0.05
BETA_1, BETA_2 = 0.9, 0.99
# In a checkpoint: whether training ended before its last step because its gradient vanished.
CONVERGED = "converged"


class Monitor(Protocol):
    """Draws from the denoiser at a validation and logs how far the draws are from the truth."""

    def __call__(self, module: "ScoreModule", step: int) -> None:
        """Sample, judge, log."""
        ...

    def try_recording(self, module: "ScoreModule") -> None:
        """Before the first step, tell of a network that cannot be replayed where it is to be."""
        ...


class ScoreModule(pl.LightningModule):
    """Trains a denoiser by a score-matching loss.

    All noise comes from generators keyed by seed and step: a run that was killed and resumed has
    the same weights, to the bit, as one that was not, and validation never touches training's
    stream. On several processes each has its rows of the batch and of its noise; see
    `truescore.training.shards`.

    Args:
        denoiser: what is trained.
        loss: unreduced loss.
        learning_rate: peak of the schedule.
        weight_decay: of AdamW.
        max_steps: length of the schedule.
        seed: key of the noise.
        monitor: called at the end of every validation, except the sanity check.
        checkpoint_note: plain values to keep in every checkpoint.
        min_gradient_norm: training ends after a step whose gradient is smaller; ``None``: never.
        compiled: whether the network is, in training steps; see `truescore.training.network`.
        schedule: ``cosine``, linear warm-up and then a cosine to zero, or ``constant``.
        beta2: AdamW averages squared gradients over 1/(1 - beta2) steps.

    Attributes:
        converged: whether training ended so.
    """

    state_space: Scope

    def __init__(
        self,
        denoiser: Denoiser,
        loss: Loss,
        learning_rate: float,
        weight_decay: float,
        max_steps: int,
        seed: int,
        monitor: Monitor | None = None,
        checkpoint_note: dict[str, Any] | None = None,
        min_gradient_norm: float | None = None,
        compiled: bool = False,
        schedule: Literal["cosine", "constant"] = "cosine",
        beta2: float = BETA_2,
    ) -> None:
        super().__init__()
        if not fits(self.state_space, denoiser.state_space):
            raise UserError(
                f"got a denoiser of {denoiser.state_space}s for {type(self).__name__},"
                f" expected one of {self.state_space}s: use the other module"
            )
        self.denoiser = denoiser
        self.loss = loss
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.max_steps = max_steps
        self.seed = seed
        self.monitor = monitor
        self.checkpoint_note = checkpoint_note or {}
        self.min_gradient_norm = min_gradient_norm
        self.compiled = compiled
        self.schedule = schedule
        self.beta2 = beta2
        self.converged = False
        self._validated: list[Tensor] = []
        self._train_loss: Tensor | None = None
        self._unwritten: list[Tensor] = []

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute, the one that Lightning sets some fifty times a step straight away.

        Torch first looks whether it is a parameter, a buffer or a module.
        """
        if name == "_current_fx_name":
            object.__setattr__(self, name, value)
        else:
            super().__setattr__(name, value)

    @property
    def held_out_losses(self) -> Tensor:
        """The last validation's losses, ``(n_val,)``."""
        return torch.cat(self._validated)

    def training_step(self, batch: Tensor | Noised, batch_idx: int) -> Tensor:
        """Mean loss of the own rows ``(n, d)`` of a batch, with times and noise of this step's own.

        Noisy points come with their times, and nothing is drawn. Loggers get the mean over the
        steps since they last did, for that of one batch is mostly noise.
        """
        generator = keyed_generator(self.seed, "noise", self.global_step, device=self.device)
        loss = self._own_loss(batch, generator)
        whole = cast(Tensor, self.trainer.strategy.reduce(loss.detach().clone(), reduce_op="mean"))
        self._train_loss = whole
        self._unwritten.append(whole)
        # On a GPU to look at a value is to wait for it; before a checkpoint it is looked at anyway.
        if self.device.type == "cpu" or self._is_written:
            self._check_train_loss()
        if self._is_written:
            self.log("train/loss", torch.stack(self._unwritten).mean(), prog_bar=True)
            self._unwritten.clear()
        return loss

    def on_validation_epoch_start(self) -> None:
        """Refuse to go on from a loss that is not finite, and forget the last validation."""
        self._check_train_loss()
        self._validated.clear()

    def validation_step(self, batch: Tensor | Noised, batch_idx: int) -> None:
        """Loss of held-out data, with the same noise at every validation, on every process."""
        generator = keyed_generator(self.seed, "validation", batch_idx, device=self.device)
        with as_it_stands(self.compiled):
            losses = self._losses(batch, generator)
        self._validated.append(losses)
        mean, n = losses.mean(), len(losses)
        self.log("val/loss", mean, prog_bar=True, batch_size=n, sync_dist=True)

    def on_validation_epoch_end(self) -> None:
        """Draw samples with the averaged weights and log how far they are from the truth."""
        if self.monitor is None or self.global_rank > 0:
            return
        with as_it_stands(self.compiled):
            if self.trainer.sanity_checking:
                self.monitor.try_recording(self)
            else:
                self.monitor(self, self.global_step)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add the note, and whether there is nothing left to train."""
        checkpoint.update(self.checkpoint_note)
        checkpoint[CONVERGED] = self.converged

    def configure_gradient_clipping(
        self,
        optimizer: torch.optim.Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Clip by norm, log the norm found, and end training if it is small enough."""
        limit = float("inf") if gradient_clip_val is None else gradient_clip_val
        # The optimiser has them in a list; the module would look for them in every layer.
        trained = [p for group in optimizer.param_groups for p in group["params"]]
        norm = torch.nn.utils.clip_grad_norm_(trained, limit)
        if self._is_written:
            self.log("train/gradient_norm", norm)
        if self.min_gradient_norm is not None and norm < self.min_gradient_norm:
            self.converged = self.trainer.should_stop = True

    def configure_optimizers(self) -> dict[str, Any]:
        """AdamW, and the schedule over ``max_steps``."""
        optimizer = torch.optim.AdamW(
            self.parameters(),
            lr=self.learning_rate,
            betas=(BETA_1, self.beta2),
            weight_decay=self.weight_decay,
            fused=True,
        )
        warm_up = max(1, int(WARM_UP * self.max_steps))

        def factor(step: int) -> float:
            if self.schedule == "constant":
                return 1.0
            if step < warm_up:
                return (step + 1) / warm_up
            done = min(1.0, (step - warm_up) / max(1, self.max_steps - warm_up))
            return 0.5 * (1 + torch.cos(torch.tensor(done * torch.pi)).item())

        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }

    @property
    def _is_written(self) -> bool:
        """Whether loggers write this step: a value that they drop costs a tenth of a small step."""
        every: int = self.trainer.log_every_n_steps  # type: ignore[attr-defined]
        may_be_the_last = self.min_gradient_norm is not None
        return may_be_the_last or (self.global_step + 1) % every == 0

    def _check_train_loss(self) -> None:
        if self._train_loss is not None and not self._train_loss.isfinite():
            raise UserError(
                f"got a loss of {self._train_loss.item()} at step {self.global_step}, expected a"
                " finite one: lower model.learning_rate; the last good checkpoint is kept"
            )

    def _own_loss(self, batch: Tensor | Noised, generator: torch.Generator) -> Tensor:
        rank, n_ranks = self.global_rank, self.trainer.world_size
        if n_ranks == 1 or isinstance(batch, Noised):
            return self._losses(batch, generator).mean()
        t = self.loss.sample_times(self.denoiser, n_ranks * len(batch), generator)
        with WholeBatchDraws(generator, len(batch), rank, n_ranks):
            return self.loss(self.denoiser, batch, own_rows(t, rank, n_ranks), generator).mean()

    def _losses(self, batch: Tensor | Noised, generator: torch.Generator) -> Tensor:
        if isinstance(batch, Noised):
            return cast(PairLoss, self.loss).of_pair(self.denoiser, batch.x_t, batch.t)
        t = self.loss.sample_times(self.denoiser, len(batch), generator)
        return self.loss(self.denoiser, batch, t, generator)


@final
class DenoisingScoreMatchingModule(ScoreModule):
    """Denoising score matching of reals."""

    state_space = "real"


@final
class ConcreteScoreMatchingModule(ScoreModule):
    """Concrete score matching of spins and states; ratio matching is its default loss."""

    state_space = "discrete"
