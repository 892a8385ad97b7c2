"""The files in conf/: they compose, they are valid, and they say what they train on."""

from pathlib import Path

import pytest
import yaml
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.utils import create_config_search_path
from hydra.types import RunMode

from truescore.build import build_process
from truescore.config import check
from truescore.config.schema import SCHEMAS
from truescore.config.schema.run import NEED_TRANSPORT

CONF = Path(__file__).resolve().parents[2] / "conf"
# Those that train; the others belong to the laboratory.
SIMULATIONS = ["anticorrelated_langevin"]
FILES = sorted(path.stem for path in (CONF / "experiment").glob("*.yaml"))
EXPERIMENTS = [name for name in FILES if name not in SIMULATIONS]
FULL_BATCH = {"ising_torus_couplings", "swiss_roll_fixed_sigma"}
STUDIES = sorted(path.stem for path in (CONF / "study").glob("*.yaml"))
GROUPS_WITH_NAMES = ("dataset", "sde", "model", "loss", "sampler")


def leaves(node, path=""):
    if isinstance(node, dict):
        for key, value in node.items():
            yield from leaves(value, f"{path}.{key}".lstrip("."))
    else:
        yield path, node


def test_all_the_experiments_are_there():
    ising = {f"ising_d{d}" for d in (16, 32, 64, 128, 1024)}
    torus = {f"ising_torus_{n}x{n}" for n in (4, 8, 16)}
    chain = {f"gl_d{d}" for d in (8, 16, 20, 32, 64, 128)}
    line = {"four_well", "four_well_trajectory"}
    plane = {"swiss_roll", "swiss_roll_fixed_sigma"}
    sets = "2spirals", "8gaussians", "circles", "moons", "pinwheel", "swissroll", "checkerboard"
    codes = {f"gray_{points}" for points in sets}
    documents = {"ising_document_d16", "ising_document_d16_as_written"}
    spins = ising | torus | {"ising_torus_couplings", "ising_chain_d32", "potts_d32"} | codes
    assert set(EXPERIMENTS) == documents | spins | chain | line | plane
    assert set(SIMULATIONS) < set(FILES)


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_an_experiment_is_valid_and_trains_on_what_it_says(composed, experiment):
    config = composed(f"+experiment={experiment}")
    assert check(config) == []
    assert config.name == experiment
    law, _, dim = experiment.rpartition("_d")
    if experiment.startswith("ising_document"):
        assert (config.dataset.name, config.dataset.dim) == ("ising_ring", 16)
    elif law:
        laws = {"ising": "ising_ring", "potts": "potts_ring", "gl": "ginzburg_landau"}
        assert config.dataset.name == laws.get(law, law)
        assert config.dataset.dim == int(dim)
        assert config.dataset.n_train == (100_000 if law == "gl" else 10_000)
    elif experiment.startswith("ising_torus_") and config.model.name == "leave_one_out_2d":
        assert experiment == f"ising_torus_{config.dataset.rows}x{config.dataset.columns}"
        assert config.dataset.n_train == 10_000
    elif config.dataset.name == "gray_code":
        assert experiment == f"gray_{config.dataset.points}"
        # The discrepancy's protocol: ten sets of 4,000.
        assert (config.sampler.n_generate, config.metrics.distances) == (40_000, ["hamming_mmd"])
    else:
        assert experiment.startswith(config.dataset.name)
    # A batch is a real one: many points, and many batches to an epoch unless all are asked for.
    batches = 1 if experiment in FULL_BATCH else 5
    assert config.dataset.batch_size <= config.dataset.n_train // batches
    assert config.dataset.batch_size >= 64 or config.dataset.batch_size * int(dim) >= 8192
    assert config.trainer.max_steps * config.dataset.batch_size >= config.dataset.n_train


def test_the_trajectory_is_one_chain_of_every_state(composed):
    """10,000 states from X = 0, none thrown away, seen 5,000 times."""
    config = composed("+experiment=four_well_trajectory")
    langevin, data = config.dataset.langevin, config.dataset
    assert config.dataset.simulator == "langevin" and langevin.integrator == "euler_maruyama"
    assert (langevin.n_chains, langevin.start, langevin.burn_in) == (1, "zero", 0)
    assert langevin.thin == langevin.dt == 0.005
    assert config.trainer.max_steps == 5000 * data.n_train // data.batch_size == 25_000


def test_the_fixed_noise_is_the_documents(composed):
    """2-128-2 with Softplus, AdamW 1e-4, decay 0.01, 10,000 full batches of 10,000 points."""
    config = composed("+experiment=swiss_roll_fixed_sigma")
    data, net, sde = config.dataset, config.model.net, config.sde
    assert (data.n_train, data.batch_size, data.noise) == (10_000, 10_000, 0.5)
    assert (net.width, net.depth, net.activation, net.time) == (128, 1, "softplus", False)
    assert (config.model.learning_rate, config.model.weight_decay) == (1e-4, 0.01)
    assert (config.loss.name, config.loss.sigma) == ("fixed_sigma", 0.01)
    assert (config.trainer.max_steps, config.trainer.gradient_clip_val) == (10_000, None)
    assert config.callbacks.ema_decay == 0
    # The process has this level and no other.
    assert sde.t_min < 0.01 < sde.sigma_max < 1.01 * sde.t_min


@pytest.mark.parametrize("experiment", ["ising_document_d16", "ising_document_d16_as_written"])
def test_the_recipe_of_the_ring_is_the_documents(composed, experiment):
    """N = 1000 by 100 sweeps of heat bath, batches of N/10, 1500 log10 N steps, h = 0.005."""
    config = composed(f"+experiment={experiment}")
    data, chain, trainer = config.dataset, config.dataset.markov_chain, config.trainer
    assert (data.coupling, data.temperature, data.n_train, data.batch_size) == (1, 1, 1000, 100)
    assert (data.simulator, chain.start, chain.burn_in) == ("glauber", "uniform", 100)
    assert chain.n_chains >= data.n_train  # one sample of each
    assert (data.forward, data.trajectory.step) == ("trajectory", 0.005)
    model = config.model
    assert (model.name, model.learning_rate, model.weight_decay) == ("rot_conv_film", 1e-3, 0)
    assert (model.schedule, model.beta2) == ("constant", 0.999)  # Adam as it comes
    assert trainer.max_steps == 1500 * 3 and trainer.min_gradient_norm == 1e-4
    assert trainer.gradient_clip_val is None and config.callbacks.ema_decay == 0
    process, sampler = build_process(config, 16), config.sampler
    assert sampler.grid == "uniform"
    assert process.horizon / sampler.steps == pytest.approx(0.005, rel=0.01)
    if experiment.endswith("as_written"):
        assert (config.sde.name, sampler.name) == ("spin_flip_as_written", "euler_as_written")
    else:
        assert (config.sde.name, sampler.name) == ("spin_flip", "euler")


@pytest.mark.parametrize("experiment", FILES)
def test_an_experiment_chooses_groups_and_sets_scalars_and_nothing_else(experiment):
    content = yaml.safe_load((CONF / "experiment" / f"{experiment}.yaml").read_text())
    for choice in content.pop("defaults"):
        assert all(key.startswith("override /") for key in choice)
    for path, value in leaves(content):
        # A list of numbers is a value of one key: Hydra replaces it as a whole.
        for each in value if isinstance(value, list) else [value]:
            assert each is None or isinstance(each, bool | int | float | str), path
        assert path.rpartition(".")[2] not in {"_target_", "state_space"}, path


def test_no_null_entry_blocks_the_added_groups():
    defaults = yaml.safe_load((CONF / "train.yaml").read_text())["defaults"]
    chosen = {key for entry in defaults if isinstance(entry, dict) for key in entry}
    assert chosen.isdisjoint({"experiment", "study", "debug"})
    assert None not in {value for e in defaults if isinstance(e, dict) for value in e.values()}


@pytest.mark.parametrize("debug", ["fast", "overfit"])
@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_debug_settings_are_valid_with_every_experiment(composed, experiment, debug):
    config = composed(f"+experiment={experiment}", f"+debug={debug}")
    assert check(config) == []
    if debug == "overfit":
        assert config.dataset.batch_size == config.dataset.n_train


@pytest.mark.parametrize("group", GROUPS_WITH_NAMES)
def test_a_file_is_called_by_its_name_and_has_a_schema(composed, group):
    files = {path.stem for path in (CONF / group).glob("*.yaml")}
    assert files == {name for name in SCHEMAS[group] if name}
    for name in files:
        assert composed(f"{group}={name}")[group].name == name


@pytest.mark.parametrize("trainer", ["default", "gpu"])
def test_the_trainers_differ_by_the_accelerator(composed, trainer):
    config = composed(f"trainer={trainer}")
    assert check(config) == []
    assert config.trainer.accelerator == {"default": "cpu", "gpu": "gpu"}[trainer]


def test_the_metrics_differ_by_the_distances(composed):
    assert composed().metrics.distances == []
    config = composed("+experiment=gl_d8", "metrics=two_sample")
    assert check(config) == []
    assert config.metrics.distances
    assert {**config.metrics, "distances": []} == composed().metrics
    # Wasserstein distances need a library that not everybody has.
    assert NEED_TRANSPORT.isdisjoint(config.metrics.distances)


@pytest.mark.parametrize("study", STUDIES)
def test_every_run_of_a_study_is_valid(study):
    loader = ConfigLoaderImpl(create_config_search_path(str(CONF)))

    def load(*overrides):
        return loader.load_configuration(
            "train", [f"+study={study}", *overrides], run_mode=RunMode.RUN
        )

    params = load().hydra.sweeper.params
    assert (
        {"dataset.dim", "dataset.n_train"}
        <= set(params)
        <= {"dataset.dim", "dataset.n_train", "seed"}
    )
    sizes = [int(n) for n in str(params["dataset.n_train"]).split(",")]
    for dim in str(params["dataset.dim"]).split(","):
        for n_train in (min(sizes), max(sizes)):
            config = load(f"dataset.dim={dim}", f"dataset.n_train={n_train}")
            assert check(config) == []
            assert (config.dataset.dim, config.dataset.n_train) == (int(dim), n_train)
            # A study started without -m must not pass for one run.
            assert config.hydra.mode is RunMode.MULTIRUN


def test_runs_have_folders_of_their_own_and_cells_are_named_by_their_values():
    hydra = yaml.safe_load((CONF / "train.yaml").read_text())["hydra"]
    assert "%f" in hydra["run"]["dir"]
    assert hydra["sweep"]["dir"] == "outputs/multirun/${name}"
    assert hydra["sweep"]["subdir"] == "${hydra.job.override_dirname}"
