"""Stored forward trajectories: what is stored, what is served, and what cannot be."""

import pytest
import torch

from truescore.build import build_process, build_target
from truescore.errors import UserError
from truescore.processes import Absorbing, SpinFlip, UniformJump
from truescore.randomness import keyed_generator
from truescore.simulate import store
from truescore.targets import PottsRing
from truescore.training import trajectories
from truescore.training.data import LawDataModule
from truescore.training.module import ScoreModule
from truescore.training.rehearsal import rehearse
from truescore.training.run import train
from truescore.training.trajectories import ForwardTrajectories, Noised, layer_times

from .conftest import small_config
from .test_run import weights

STORED = ["dataset.forward=trajectory", "dataset.trajectory.step=0.1"]


def data_module(seed=0):
    config = small_config("ising_d16", *STORED)
    target = build_target(config)
    return LawDataModule(target, build_process(config, target.dim), config.dataset, 4, seed)


def test_layers_lie_a_step_apart_from_t_min_to_the_horizon():
    process = SpinFlip(16)
    times = layer_times(process, 0.005).double()
    assert times[0] == pytest.approx(process.t_min) and times[-1] == pytest.approx(process.horizon)
    torch.testing.assert_close(times[1:-1], torch.arange(1, 334) * 0.005, check_dtype=False)
    assert (times.diff() > 0.0025).all()


@pytest.mark.parametrize("step", [0.001, 1.7])
def test_impossible_steps_are_refused(step):
    with pytest.raises(UserError, match="got dataset.trajectory.step=.*more than sde.t_min=0.001"):
        rehearse(small_config("ising_d16", STORED[0], f"dataset.trajectory.step={step}"))


class FromCleanPoints:
    def sample_times(self, denoiser, n, generator):
        return torch.full((n,), 0.5)

    def __call__(self, denoiser, x_0, t, generator):
        return denoiser.log_odds(x_0, t).mean(1)


def test_a_loss_that_needs_clean_points_is_refused(monkeypatch):
    monkeypatch.setattr("truescore.training.rehearsal.build_loss", lambda _: FromCleanPoints())
    rehearse(small_config("ising_d16"))
    with pytest.raises(UserError, match="FromCleanPoints, which needs clean points"):
        rehearse(small_config("ising_d16", *STORED))


def test_a_batch_holds_rows_of_the_training_data_each_at_a_layer_of_its_own():
    """At t_min nearly all spins are those of the row; all layers come equally often."""
    module = data_module()
    (batch, *_), again = module.train_dataloader(), data_module().train_dataloader()
    assert isinstance(batch, Noised)
    assert batch.x_t.shape == (50, 16) and batch.t.shape == (50,)
    assert set(batch.x_t.unique().tolist()) == {-1.0, 1.0}
    assert all(torch.equal(a, b) for a, b in zip(batch, next(iter(again)), strict=True))
    stored = module.trajectories
    rows = torch.arange(400)
    first = stored[rows, torch.zeros(400, dtype=torch.int64)]
    assert (first.x_t == module.train_data).float().mean() > 0.99
    assert (first.t == stored.times[0]).all()
    order = module.train_dataloader().sampler
    served = []
    for epoch in range(40):
        order.set_epoch(epoch)
        served += [layers for _, layers in order]
    counts = torch.cat(served).bincount()
    expected = counts.sum() / len(stored.times)
    # Chi-square with 17 degrees of freedom: above 40.8 for 1 seed in 1,000.
    assert len(counts) == len(stored.times) == 18
    assert float(((counts - expected) ** 2 / expected).sum()) < 40.8


def test_both_forwards_agree_in_law(assert_mean):
    """Served points against points drawn at the served times: energy and alignment with x_0."""
    process, n = SpinFlip(16), 4000
    config = small_config("ising_d16")
    x_0 = build_target(config).sample(n, keyed_generator(1, "data"))
    for step in (0.4, 0.05):
        stored = ForwardTrajectories(process, x_0, step, keyed_generator(2, "stored"))
        layers = torch.randint(len(stored.times), (n,), generator=keyed_generator(3, "layers"))
        x_t, t = stored[torch.arange(n), layers]
        drawn = process.perturb(x_0, t, keyed_generator(4, "drawn"))
        for quantity in (
            lambda x: (x * x.roll(1, 1)).double().mean(1),
            lambda x: (x * x_0).double().mean(1),
        ):
            assert_mean(quantity(x_t) - quantity(drawn), 0.0)


@pytest.mark.parametrize(
    "process", [UniformJump(8, 4), Absorbing(8, 4, False)], ids=["jump", "mask"]
)
def test_so_they_do_of_states(process, assert_mean):
    """Agreement of neighbours, and with x_0."""
    n = 4000
    x_0 = PottsRing(8, 4).sample(n, keyed_generator(1, "data"))
    stored = ForwardTrajectories(process, x_0, 0.1, keyed_generator(2, "stored"))
    layers = torch.randint(len(stored.times), (n,), generator=keyed_generator(3, "layers"))
    x_t, t = stored[torch.arange(n), layers]
    drawn = process.perturb(x_0, t, keyed_generator(4, "drawn"))
    assert set(x_t.unique().tolist()) == set(process.symbols.tolist())
    for other in (lambda x: x.roll(1, 1), lambda x: x_0):
        agreement = [(x == other(x)).double().mean(1) for x in (x_t, drawn)]
        assert_mean(agreement[0] - agreement[1], 0.0)


def test_a_run_of_states_learns_from_stored_trajectories(tmp_path, without_figures):
    summary = train(small_config("potts_d32", "dataset.dim=8", *STORED), tmp_path)
    assert 0 < summary["metrics"]["score_error"]["value"] < 1


def test_a_layer_at_a_time_goes_to_a_file_that_has_no_name():
    process = SpinFlip(16)
    before = set(store.folder().glob("*")) if store.folder().is_dir() else set()
    stored = ForwardTrajectories(process, torch.ones(10, 16), 0.1, keyed_generator(0, "x"))
    assert stored.layers.dtype == "int8" and stored.layers.nbytes == len(stored.times) * 10 * 16
    assert set(store.folder().glob("*")) == before


def test_a_full_disk_is_one_line(monkeypatch):
    usage = trajectories.shutil._ntuple_diskusage(10**9, 10**9, 100)
    monkeypatch.setattr(trajectories.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(UserError, match="expected .* GB for forward trajectories: raise dataset"):
        ForwardTrajectories(SpinFlip(4), torch.ones(50, 4), 0.1, keyed_generator(0, "x"))


def test_a_run_from_trajectories_resumes_to_the_same_bits(tmp_path, monkeypatch, without_figures):
    config = small_config("ising_document_d16", "trainer.min_gradient_norm=null")
    step = ScoreModule.training_step

    def killed(self, batch, batch_idx):
        if self.global_step == 6:
            raise MemoryError("killed")
        return step(self, batch, batch_idx)

    for name in "abc":
        (tmp_path / name).mkdir()
    train(config, tmp_path / "a")
    monkeypatch.setattr(ScoreModule, "training_step", killed)
    with pytest.raises(MemoryError):
        train(config, tmp_path / "b")
    monkeypatch.setattr(ScoreModule, "training_step", step)
    config.ckpt_path = str(tmp_path / "b" / "checkpoints" / "last.ckpt")
    train(config, tmp_path / "c")
    whole, pieced = weights(tmp_path / "a"), weights(tmp_path / "c")
    assert all(torch.equal(whole[key], pieced[key]) for key in whole)


def test_a_small_gradient_ends_training_and_the_run_is_complete(tmp_path, without_figures):
    config = small_config("ising_d16", "trainer.min_gradient_norm=1e9")
    for name in "ab":
        (tmp_path / name).mkdir()
    assert train(config, tmp_path / "a")["steps"] == 1
    assert (tmp_path / "a" / "summary.json").is_file()
    config.ckpt_path = str(tmp_path / "a" / "checkpoints" / "last.ckpt")
    with pytest.raises(UserError, match="complete \\(1 steps\\): nothing to resume"):
        train(config, tmp_path / "b")
    config = small_config("ising_d16", "trainer.min_gradient_norm=1e-9")
    assert train(config, tmp_path / "b")["steps"] == 8
