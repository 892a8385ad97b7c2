"""A run from configuration to summary, and back from its folder."""

import csv
import json

import pytest
import torch
from safetensors.torch import load_file, save_file

import truescore
from truescore.build import build_denoiser
from truescore.config import config_hash
from truescore.errors import UserError
from truescore.randomness import keyed_generator
from truescore.runs import read_checkpoint, read_samples
from truescore.samplers import cuda_graphs
from truescore.training.run import train
from truescore.training.trainer import ProgressBar, use_threads

from .conftest import CONF, HALVES, small_config

JUDGED = {"value", "floor", "percentile", "p_value", "debiased", "ci_low", "ci_high", "verdict"}
JUDGED |= {"z"}
# Those that override the dynamics are the laboratory's.
EVERY_EXPERIMENT = sorted(
    path.stem
    for path in (CONF / "experiment").glob("*.yaml")
    if "/dynamics" not in path.read_text()
)


def weights(folder, name="last"):
    return read_checkpoint(folder / "checkpoints" / f"{name}.ckpt")["current_model_state"]


def test_summary_is_the_contract(finished):
    folder, config, returned = finished
    summary = json.loads((folder / "summary.json").read_text())
    assert summary == returned
    assert summary["schema_version"] == 1
    assert summary["experiment"] == config.name
    assert summary["dim"] == config.dataset.dim
    assert summary["n_train"] == 400 and summary["n_generate"] == 100
    assert summary["steps"] == 8
    assert summary["config_hash"] == config_hash(config)
    assert set(summary["seconds"]) == {"simulate", "train", "sample"}
    assert min(summary["seconds"].values()) > 0
    names = {"mean_l1", "mean_l2", "cov_frobenius", "energy_per_site", "score_error"}
    assert names | {"two_point_function", "kink_density", "marginals_ks"} <= set(summary["metrics"])
    for judged in summary["metrics"].values():
        assert set(judged) == JUDGED
    assert summary["metrics"]["mean_l1"]["debiased"] is None
    excess = summary["metrics"]["excess_loss"]
    assert excess["floor"] is None
    assert excess["ci_low"] < excess["value"] < excess["ci_high"]
    curve = summary["score_error_curve"]
    assert len(curve["error"]) == 3
    beside = summary["baseline_score_error_curves"]
    assert {*beside, "training data"} == set(summary["baselines"])
    assert all(each["log_snr"] == curve["log_snr"] for each in beside.values())


def test_baselines_stand_beside(finished):
    _, config, summary = finished
    names = {
        "spin": {"uniform spins", "independent spins", "fitted coupling"},
        "real": {"Gaussian fit", "two Gaussians"},
    }[config.dataset.state_space]
    assert set(summary["baselines"]) == names | {"training data"}
    for name in names:
        assert summary["baselines"][name]["score_error"]["value"] > 0


def test_folder_holds_what_is_promised(finished):
    folder, config, _ = finished
    for name in ("config.yaml", "summary.json", "metrics.csv", "table.txt", "samples.safetensors"):
        assert (folder / name).stat().st_size > 0
    figures = {path.stem for path in (folder / "figures").glob("*.png")}
    own = {"real": {"neighbours"}, "spin": {"forward", "covariances", "domain_lengths"}}
    assert figures == own[config.dataset.state_space] | {
        "covariance",
        "eigenmodes",
        "loss",
        "marginals",
        "mean",
        "samples",
        "score_error",
        "summary",
        "two_point",
        "verdicts",
    }
    assert "score error" in (folder / "table.txt").read_text()
    assert not list(folder.rglob("*.part"))
    with (folder / "metrics.csv").open() as stream:
        columns = set(next(csv.reader(stream)))
    assert {"train/loss", "val/loss", "train/gradient_norm", "cov_frobenius/value"} <= columns
    assert {"cov_frobenius/floor", "train/samples_per_second", "lr-AdamW"} <= columns


def test_tensorboard_shows_figures_and_final_metrics(finished):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    folder, *_ = finished
    images, scalars = set(), set()
    for file in (folder / "tensorboard").glob("events*"):
        events = EventAccumulator(str(file)).Reload()
        images |= set(events.Tags()["images"])
        scalars |= set(events.Tags()["scalars"])
    assert {"samples", "marginals", "mean", "covariance"} <= images
    assert {"final/cov_frobenius", "val/loss", "energy_per_site/floor"} <= scalars


def test_load_run_gives_the_averaged_weights_back(finished):
    folder, _, summary = finished
    run = truescore.load_run(folder)
    stored = read_checkpoint(folder / "checkpoints" / "best.ckpt")["state_dict"]
    raw = read_checkpoint(folder / "checkpoints" / "best.ckpt")["current_model_state"]
    name, value = next(iter(run.denoiser.named_parameters()))
    assert torch.equal(value, stored[f"denoiser.{name}"])
    assert not torch.equal(value, raw[f"denoiser.{name}"])
    generator = keyed_generator(summary["seed"], "samples")
    again = run.sampler.sample(run.denoiser, 100, run.target.dim, generator)
    assert torch.equal(again, read_samples(folder / "samples.safetensors"))
    assert run.sample(7, seed=3).shape == (7, run.target.dim)


def test_a_second_run_has_the_same_bits(finished, tmp_path, without_figures):
    folder, config, _ = finished
    train(config, tmp_path)
    first, second = weights(folder), weights(tmp_path)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert torch.equal(
        read_samples(folder / "samples.safetensors"), read_samples(tmp_path / "samples.safetensors")
    )


def test_a_killed_and_resumed_run_has_the_same_bits(
    finished, tmp_path, monkeypatch, without_figures
):
    from truescore.training import module

    folder, config, _ = finished
    step = module.ScoreModule.training_step

    def killed(self, batch, batch_idx):
        if self.global_step == 6:
            raise MemoryError("killed")
        return step(self, batch, batch_idx)

    monkeypatch.setattr(module.ScoreModule, "training_step", killed)
    (tmp_path / "a").mkdir()
    with pytest.raises(MemoryError):
        train(config, tmp_path / "a")
    assert not (tmp_path / "a" / "summary.json").exists()
    monkeypatch.setattr(module.ScoreModule, "training_step", step)
    (tmp_path / "b").mkdir()
    resumed = config.copy()
    resumed.ckpt_path = str(tmp_path / "a" / "checkpoints" / "last.ckpt")
    summary = train(resumed, tmp_path / "b")
    assert summary["steps"] == 8
    for name in ("last", "best"):
        whole, pieced = weights(folder, name), weights(tmp_path / "b", name)
        assert all(torch.equal(whole[key], pieced[key]) for key in whole)


def test_the_best_so_far_survives_a_resumption(tmp_path, monkeypatch, without_figures):
    """A resumed run whose validations are all worse keeps the old run's best checkpoint."""
    from truescore.training import module

    step, validate = module.ScoreModule.training_step, module.ScoreModule.validation_step

    def killed(self, batch, batch_idx):
        if self.global_step == 6:
            raise MemoryError("killed")
        return step(self, batch, batch_idx)

    def worse(self, batch, batch_idx):
        self._validated.append(torch.full((len(batch),), 1e3))
        self.log("val/loss", 1e3, batch_size=len(batch))

    config = small_config("ising_d16")
    for name in "ab":
        (tmp_path / name).mkdir()
    monkeypatch.setattr(module.ScoreModule, "training_step", killed)
    with pytest.raises(MemoryError):
        train(config, tmp_path / "a")
    monkeypatch.setattr(module.ScoreModule, "training_step", step)
    monkeypatch.setattr(module.ScoreModule, "validation_step", worse)
    config.ckpt_path = str(tmp_path / "a" / "checkpoints" / "last.ckpt")
    train(config, tmp_path / "b")
    monkeypatch.setattr(module.ScoreModule, "validation_step", validate)
    old, new = weights(tmp_path / "a", "best"), weights(tmp_path / "b", "best")
    assert all(torch.equal(old[key], new[key]) for key in old)
    assert read_checkpoint(tmp_path / "b" / "checkpoints" / "last.ckpt")["global_step"] == 8


@pytest.mark.parametrize("half", HALVES)
def test_validation_leaves_training_alone(half, tmp_path, without_figures):
    """Twice as many validations, with sampling in each: the same weights."""
    often = small_config(HALVES[half], "trainer.val_every_n_steps=2")
    rarely = small_config(HALVES[half], "trainer.val_every_n_steps=8")
    for name, config in (("often", often), ("rarely", rarely)):
        (tmp_path / name).mkdir()
        train(config, tmp_path / name)
    first, second = weights(tmp_path / "often"), weights(tmp_path / "rarely")
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_samples_at_validation_are_of_the_averaged_weights(tmp_path, monkeypatch, without_figures):
    from truescore.training.monitor import SampleMonitor

    seen = []

    def spy(self, module, step):
        assert not module.trainer.sanity_checking
        seen.append((step, next(module.denoiser.parameters()).clone()))

    monkeypatch.setattr(SampleMonitor, "__call__", spy)
    train(small_config("ising_d16"), tmp_path)
    assert [step for step, _ in seen] == [4, 8]
    state = read_checkpoint(tmp_path / "checkpoints" / "last.ckpt")
    name = next(name for name in state["state_dict"] if name.startswith("denoiser."))
    assert torch.equal(seen[-1][1], state["state_dict"][name])
    assert not torch.equal(seen[-1][1], state["current_model_state"][name])


def test_a_checkpoint_of_another_training_is_refused(finished, tmp_path):
    folder, config, _ = finished
    other = config.copy()
    other.dataset.temperature = 2.5
    other.trainer.max_steps = 16
    other.ckpt_path = str(folder / "checkpoints" / "last.ckpt")
    with pytest.raises(UserError, match="dataset.temperature=.* there and 2.5 here"):
        train(other, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "truncated"), (b"not a checkpoint", "truncated"), (None, "does not exist")],
)
def test_broken_checkpoints_are_refused(content, message, tmp_path):
    config = small_config("ising_d16")
    file = tmp_path / "broken.ckpt"
    if content is not None:
        file.write_bytes(content)
    config.ckpt_path = str(file)
    with pytest.raises(UserError, match=message):
        train(config, tmp_path)


def test_a_truncated_checkpoint_is_refused(finished, tmp_path):
    folder, config, _ = finished
    whole = (folder / "checkpoints" / "last.ckpt").read_bytes()
    (tmp_path / "cut.ckpt").write_bytes(whole[: len(whole) // 2])
    again = config.copy()
    again.ckpt_path = str(tmp_path / "cut.ckpt")
    with pytest.raises(UserError, match="truncated"):
        train(again, tmp_path)


def test_a_finished_training_is_not_resumed(finished, tmp_path):
    folder, config, _ = finished
    again = config.copy()
    again.ckpt_path = str(folder / "checkpoints" / "last.ckpt")
    with pytest.raises(UserError, match=r"complete \(8 steps\): nothing to resume"):
        train(again, tmp_path)
    assert not list(tmp_path.iterdir())


def test_an_accelerator_that_is_not_there_is_one_line(tmp_path):
    config = small_config("ising_d16", "trainer.accelerator=gpu")
    if torch.cuda.is_available():
        config.trainer.devices = 99
    with pytest.raises(UserError, match="use trainer.accelerator=cpu"):
        train(config, tmp_path)
    assert not (tmp_path / "certificate.json").exists()  # told before any data are drawn


def test_a_foreign_checkpoint_is_refused(tmp_path):
    config = small_config("ising_d16")
    torch.save({"state_dict": {}}, tmp_path / "foreign.ckpt")
    config.ckpt_path = str(tmp_path / "foreign.ckpt")
    with pytest.raises(UserError, match="no training of truescore wrote"):
        train(config, tmp_path)


def test_a_diverged_loss_stops_and_keeps_the_last_checkpoint(
    tmp_path, monkeypatch, without_figures
):
    from truescore.losses import RatioMatching

    call = RatioMatching.__call__

    def diverging(self, denoiser, x_0, t, generator):
        loss = call(self, denoiser, x_0, t, generator)
        module_step = len(list((tmp_path / "checkpoints").glob("last.ckpt")))
        return loss * float("nan") if module_step and denoiser.training else loss

    monkeypatch.setattr(RatioMatching, "__call__", diverging)
    with pytest.raises(UserError, match="loss of nan at step 4.*lower model.learning_rate"):
        train(small_config("ising_d16"), tmp_path)
    state = weights(tmp_path)
    assert all(value.isfinite().all() for value in state.values())
    assert not (tmp_path / "summary.json").exists()


def test_runs_that_are_not_there_are_refused(finished, tmp_path):
    folder, *_ = finished
    with pytest.raises(UserError, match="no config.yaml"):
        truescore.load_run(tmp_path)
    (tmp_path / "config.yaml").write_text((folder / "config.yaml").read_text())
    with pytest.raises(UserError, match="does not exist"):
        truescore.load_run(tmp_path)


@pytest.mark.parametrize("experiment", EVERY_EXPERIMENT)
def test_every_experiment_trains_on_what_it_says(experiment, tmp_path, without_figures):
    config = small_config(experiment, "sampler.n_generate=20", "trainer.max_steps=2")
    summary = train(config, tmp_path)
    run = truescore.load_run(tmp_path)
    torus = experiment.startswith("ising_torus")
    dim = config.dataset.rows * config.dataset.columns if torus else config.dataset.dim
    assert summary["dim"] == run.target.dim == dim
    name = "hamming_mmd" if experiment.startswith("gray") else "cov_frobenius"
    assert summary["metrics"][name]["floor"] > 0


def test_a_law_without_the_key_dim_trains(tmp_path, without_figures):
    config = small_config("ising_d16", "dataset=ising_torus", "~dataset.dim")
    assert train(config, tmp_path)["dim"] == 16
    assert truescore.load_run(tmp_path).sample(20).shape == (20, 16)


@pytest.mark.slow
@pytest.mark.parametrize("model", ["chain_net", "mlp", "residual_mlp", "unet", "plain_cnn"])
@pytest.mark.parametrize(
    "loss",
    ["denoising", "likelihood", "flow_matching", "edm", "min_snr", "fixed_sigma", "implicit"],
)
def test_every_model_of_reals_trains_by_every_loss(model, loss, tmp_path, without_figures):
    config = small_config("gl_d8", f"model={model}", f"loss={loss}", "trainer.max_steps=2")
    summary = train(config, tmp_path)
    assert summary["metrics"]["excess_loss"]["value"] is not None
    assert torch.isfinite(truescore.load_run(tmp_path).sample(20)).all()


@pytest.mark.parametrize("skip", ["none", "wiener", "two_wells", "mixture"])
def test_every_skip_is_there_before_training(skip):
    from truescore.processes import VariancePreserving
    from truescore.targets import GinzburgLandauChain

    config = small_config("gl_d8", f"model.skip={skip}")
    data = GinzburgLandauChain(8).sample(500, torch.Generator().manual_seed(0))
    denoiser = build_denoiser(config, 8, VariancePreserving(), data)
    t = torch.full((500,), 0.4)
    x_t = denoiser.process.perturb(data, t, torch.Generator().manual_seed(1))
    error = (denoiser.posterior_mean(x_t, t) - data).square().mean()
    blind = data.square().mean()
    assert torch.equal(denoiser.posterior_mean(x_t, t), 0 * x_t) == (skip == "none")
    assert (error < 0.9 * blind) == (skip != "none")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.csv", "a,b,c\n1,2,3\n", "cannot be read.*without a header"),
        ("x.txt", "1 2 3\n", "n >= 2"),
        ("x.json", "[]", "expected .safetensors"),
        ("x.npy", "nonsense", "cannot be read"),
        ("x.pt", "nonsense", "cannot be read"),
        ("x.safetensors", "nonsense", "cannot be read"),
    ],
)
def test_unreadable_samples_are_refused(name, content, message, tmp_path):
    file = tmp_path / name
    file.write_text(content)
    with pytest.raises(UserError, match=message):
        read_samples(file)


def test_unknown_columns_of_samples_are_refused(tmp_path):
    save_file({"samples": torch.ones(3, 4), "weights": torch.ones(3)}, tmp_path / "x.safetensors")
    with pytest.raises(UserError, match="keys samples, weights"):
        read_samples(tmp_path / "x.safetensors")


def test_a_run_on_the_line_shows_its_score_its_noising_and_its_chain(tmp_path):
    config = small_config("four_well_trajectory", "sampler.steps=6")
    train(config, tmp_path)
    figures = {path.stem for path in (tmp_path / "figures").glob("*.png")}
    assert {"density", "loss", "score_map", "noising", "trajectory"} <= figures


@pytest.mark.parametrize(("asked", "used"), [("3", 3), ("null", 1)])
def test_a_run_uses_the_threads_that_it_asks_for(asked, used, monkeypatch, tmp_path):
    def stop(*_):
        raise UserError("far enough")

    monkeypatch.setattr("truescore.training.run.prepare", stop)
    before = torch.get_num_threads()
    try:
        with pytest.raises(UserError, match="far enough"):
            train(small_config("ising_d16", f"trainer.threads={asked}"), tmp_path)
        assert torch.get_num_threads() == used
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize(("load", "told"), [(2.6, True), (0.4, False)])
def test_all_cores_of_a_busy_machine_are_told(load, told, monkeypatch, caplog):
    monkeypatch.setattr("os.getloadavg", lambda: (load, load, load))
    monkeypatch.setattr("torch.get_num_threads", lambda: 2)
    with caplog.at_level("WARNING", "truescore"):
        use_threads(None)
    assert ("trainer.threads=1 may be several times faster" in caplog.text) == told


def test_the_progress_bar_counts_the_steps_of_the_whole_training(monkeypatch, tmp_path):
    """Eight steps with a validation after four, which Lightning calls two epochs."""
    seen = []
    update = ProgressBar._update

    def spy(self, task, current, *rest, **options):
        if task is not None and task == self.train_progress_bar_id:
            seen.append((current, self.progress.tasks[task].total))
        return update(self, task, current, *rest, **options)

    monkeypatch.setattr(ProgressBar, "_update", spy)
    monkeypatch.setattr(ProgressBar, "is_enabled", True)
    monkeypatch.setattr("truescore.training.run.load_run", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        train(small_config("ising_d16", "callbacks.progress_bar=true"), tmp_path)
    assert [current for current, _ in seen] == list(range(1, 9))
    assert {total for _, total in seen} == {8}


GRAPHS = ("trainer.accelerator=auto", "trainer.cuda_graphs=true")


def test_a_network_that_cannot_be_recorded_is_told_before_the_first_step(tmp_path, monkeypatch):
    def capture(function, inputs):
        raise RuntimeError("not while recording")

    monkeypatch.setattr(cuda_graphs, "on_gpu", lambda net: True)
    monkeypatch.setattr(cuda_graphs, "capture", capture)
    with pytest.raises(UserError, match=r"not while recording.*: set trainer\.cuda_graphs=false"):
        train(small_config("ising_d16", *GRAPHS), tmp_path)
    assert not list(tmp_path.glob("checkpoints/*"))


def test_samples_of_a_replayed_network_are_the_same(finished, played, tmp_path, without_figures):
    """By a recording that the CPU can play, in validations and at the end."""
    folder, _, summary = finished
    train(small_config(summary["experiment"], *GRAPHS), tmp_path)
    samples = [load_file(path / "samples.safetensors")["samples"] for path in (folder, tmp_path)]
    assert torch.equal(*samples)
    # Before the first step, at both validations, at the end.
    assert len(played) == 4


def test_data_with_a_symbol_that_is_none_are_refused(tmp_path, monkeypatch):
    from truescore.targets import IsingRing

    draw = IsingRing.sample
    monkeypatch.setattr(IsingRing, "sample", lambda *given: draw(*given) / 2)
    with pytest.raises(UserError, match="that are not spins"):
        train(small_config("ising_d16"), tmp_path)
    assert not list(tmp_path.glob("checkpoints/*"))
