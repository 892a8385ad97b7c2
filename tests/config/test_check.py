"""Every bad value, alone and together, is one line that names the key and what is allowed."""

import re

import pytest
from omegaconf import OmegaConf, open_dict

from truescore.config import check
from truescore.config.pairing import options
from truescore.errors import either

GL = "+experiment=gl_d8"
BAD = [
    ("dataset.dim=2", "dataset.dim: got 2, expected an integer >= 3"),
    ("dataset.dim=64.5", "dataset.dim: got 64.5, expected an integer >= 3"),
    ("dataset.dim='64'", "dataset.dim: got '64', expected an integer >= 3"),
    ("dataset.dim=true", "dataset.dim: got true, expected an integer >= 3"),
    ("dataset.temperature=0", "dataset.temperature: got 0, expected a number > 0"),
    ("dataset.temperature=0.001", "dataset.temperature: got 0.001, expected at least |dataset."),
    ("dataset.temperature=inf", "dataset.temperature: got Infinity, expected a number > 0"),
    ("dataset.coupling=nan", "dataset.coupling: got NaN, expected a number"),
    ("dataset.coupling=null", "dataset.coupling: got null, expected a number"),
    ("dataset.n_train=0", "dataset.n_train: got 0, expected an integer >= 1"),
    ("dataset.n_train=1e5", "dataset.n_train: got 100000.0 (a float; write 100000)"),
    ("dataset.n_val=0", "dataset.n_val: got 0, expected an integer >= 1"),
    ("dataset.batch_size=0", "dataset.batch_size: got 0, expected an integer >= 1"),
    ("dataset.forward=backward", "dataset.forward: got 'backward', expected simulation_free or"),
    ("dataset.trajectory.step=0", "dataset.trajectory.step: got 0, expected a number > 0"),
    (
        "trainer.min_gradient_norm=0",
        "trainer.min_gradient_norm: got 0, expected a number > 0 or null",
    ),
    ("dataset.simulator=kawasaki", "dataset.simulator: got 'kawasaki', expected exact, glauber"),
    ("dataset.state_space=complex", "dataset.state_space: got 'complex', expected spin"),
    ("dataset._target_=IsingRing", "dataset._target_: got 'IsingRing', expected a class, written"),
    ("sde.tolerance=0", "sde.tolerance: got 0, expected a number > 0 and <= 0.1"),
    ("sde.t_min=0", "sde.t_min: got 0, expected a number > 0 and <= 0.1"),
    ("model.learning_rate=-1", "model.learning_rate: got -1, expected a number > 0"),
    ("model.weight_decay=-1", "model.weight_decay: got -1, expected a number >= 0"),
    ("+model.schedule=step", "model.schedule: got 'step', expected cosine or constant"),
    ("+model.beta2=1", "model.beta2: got 1, expected a number >= 0 and < 1"),
    ("model.net.width=0", "model.net.width: got 0, expected an integer >= 1"),
    ("model.net.radius=0", "model.net.radius: got 0, expected an integer >= 1"),
    ("model.net.odd=1", "model.net.odd: got 1, expected true or false"),
    ("model.net=3", "model.net: got 3, expected a group of keys"),
    ("sampler.steps=0", "sampler.steps: got 0, expected an integer >= 2"),
    (
        "sampler.grid=log",
        "sampler.grid: got 'log', expected uniform, quadratic, geometric, log_snr,",
    ),
    ("sampler.n_generate=1", "sampler.n_generate: got 1, expected an integer >= 2"),
    ("sampler.chunk_size=0", "sampler.chunk_size: got 0, expected an integer >= 1"),
    ("trainer.max_steps=0", "trainer.max_steps: got 0, expected an integer >= 1"),
    ("trainer.accelerator=tpu", "trainer.accelerator: got 'tpu', expected cpu, gpu or auto"),
    ("trainer.devices=0", "trainer.devices: got 0, expected an integer >= 1"),
    (
        "trainer.precision=16-mixed",
        "trainer.precision: got '16-mixed', expected 32-true or bf16-mixed",
    ),
    ("trainer.threads=0", "trainer.threads: got 0, expected an integer >= 1 or null"),
    ("trainer.compile=1", "trainer.compile: got 1, expected true or false"),
    (
        "trainer.profiler=fast",
        "trainer.profiler: got 'fast', expected simple, advanced, pytorch or null",
    ),
    ("trainer.val_every_n_steps=0", "trainer.val_every_n_steps: got 0, expected an integer >= 1"),
    (
        "trainer.gradient_clip_val=0",
        "trainer.gradient_clip_val: got 0, expected a number > 0 or null",
    ),
    ("callbacks.ema_decay=1", "callbacks.ema_decay: got 1, expected a number >= 0 and < 1"),
    ("callbacks.progress_bar=no-thanks", "callbacks.progress_bar: got 'no-thanks', expected true"),
    ("metrics.n_score=1", "metrics.n_score: got 1, expected an integer >= 2"),
    ("metrics.n_levels=1", "metrics.n_levels: got 1, expected an integer >= 2"),
    ("metrics.n_null=99", "metrics.n_null: got 99, expected an integer >= 100"),
    ("metrics.distances=mmd", "metrics.distances: got 'mmd', expected a list of some of energy_"),
    ("metrics.distances=[mmmd]", 'metrics.distances: got ["mmmd"], expected a list of some of e'),
    ("metrics.distances=[[mmd]]", 'metrics.distances: got [["mmd"]], expected a list of some of'),
    ("metrics.distances=[mmd,mmd]", 'metrics.distances: got ["mmd", "mmd"], expected a list'),
    ("metrics.n_bootstrap=0", "metrics.n_bootstrap: got 0, expected an integer >= 100"),
    ("seed=-1", "seed: got -1, expected an integer >= 0 and < 4294967296"),
    ("name=../../etc", "name: got '../../etc', expected up to 100 letters"),
    ("ckpt_path=no/such.ckpt", "ckpt_path: got 'no/such.ckpt', expected an existing file"),
    ("+dataset.dimm=8", "dataset.dimm: no such key; did you mean dataset.dim? (keys here: "),
    ("+model.net.widht=8", "model.net.widht: no such key; did you mean model.net.width? (keys"),
    ("+experimnt=ising_d64", "experimnt: no such key; did you mean +experiment=NAME?"),
    ("~dataset.dim", "dataset.dim: missing, expected an integer >= 3"),
    ("~metrics", "metrics: missing, expected a group of keys"),
    ("seed=???", "seed: has no value yet (???); set seed=VALUE"),
    ("seed=${no.such.key}", "seed: Interpolation key 'no.such.key' not found; set seed=VALUE"),
    ("sde=vp", "dataset=ising_ring has spins in {-1,+1}; sde=vp needs real values: use sde="),
]
BAD_CHAIN = [
    ("dataset.dim=1", "dataset.dim: got 1, expected an integer >= 2"),
    ("dataset.lam=0", "dataset.lam: got 0, expected a number > 0"),
    ("dataset.half_width=0", "dataset.half_width: got 0, expected a number >= 0.01 or null"),
    ("sde.beta_min=0", "sde.beta_min: got 0, expected a number > 0"),
    ("sde.beta_max=0.05", "sde.beta_max: got 0.05, expected at least sde.beta_min=0.1"),
    ("sde.t_min=1", "sde.t_min: got 1, expected a number > 0 and < 1"),
    ("model.skip=both", "model.skip: got 'both', expected none, wiener, two_wells or mixture"),
    ("model.net.n_modes=-1", "model.net.n_modes: got -1, expected an integer >= 0"),
    ("loss.weighting=snr", "loss.weighting: got 'snr', expected mode, score, likelihood,"),
    ("loss.times=always", "loss.times: got 'always', expected log_snr, uniform or log_normal"),
]
BAD_CHOICE = [
    ("model=mlp", "model.prediction=energy", "model.prediction: got 'energy', expected score,"),
    ("model=mlp", "model.net.activation=relu", "model.net.activation: got 'relu', expected tanh"),
    ("model=mlp", "+model.skip=none", "model.skip: no such key"),
    ("model=plain_cnn", "model.net.kernel_size=4", "model.net.kernel_size: got 4, expected an odd"),
    ("model=unet", "model.net.depth=0", "model.net.depth: got 0, expected an integer >= 1"),
    ("loss=fixed_sigma", "loss.sigma=0", "loss.sigma: got 0, expected a number > 0"),
    ("loss=implicit", "loss.trace=full", "loss.trace: got 'full', expected hutchinson, sliced"),
]


@pytest.mark.parametrize(("override", "line"), BAD)
def test_one_bad_value_is_one_line(composed, override, line):
    (error,) = check(composed(override))
    assert error.startswith(line)
    assert "\n" not in error


@pytest.mark.parametrize(("override", "line"), BAD_CHAIN)
def test_one_bad_value_of_a_chain_is_one_line(composed, override, line):
    (error,) = check(composed(GL, override))
    assert error.startswith(line)


@pytest.mark.parametrize(("choice", "override", "line"), BAD_CHOICE)
def test_one_bad_value_of_another_model_or_loss_is_one_line(composed, choice, override, line):
    (error,) = check(composed(GL, choice, override))
    assert error.startswith(line)


LANGEVIN = [
    ("dataset.langevin.dt=0", "dataset.langevin.dt: got 0, expected a number > 0"),
    (
        "dataset.langevin.temperatures=4",
        "dataset.langevin.temperatures: got 4, expected a list, each a number > 0",
    ),
    (
        "dataset.langevin.temperatures=[hot]",
        "dataset.langevin.temperatures: got 'hot', expected a list, each a number > 0",
    ),
    ("dataset.langevin.n_chains=0", "dataset.langevin.n_chains: got 0, expected an integer >= 1"),
    ("dataset.langevin.burn_in=-1", "dataset.langevin.burn_in: got -1, expected a number >= 0"),
    ("dataset.langevin.start=one", "dataset.langevin.start: got 'one', expected normal or zero"),
    ("dataset.langevin.thin=0", "dataset.langevin.thin: got 0, expected a number > 0"),
    ("dataset.langevin.integrator=rk4", "dataset.langevin.integrator: got 'rk4', expected strang"),
    ("+dataset.langevin.steps=9", "dataset.langevin.steps: no such key"),
    ("~dataset.langevin.dt", "dataset.langevin.dt: missing, expected a number > 0"),
    ("dataset.simulator=glauber", "dataset.simulator: got 'glauber', expected exact or langevin"),
    ("dataset.langevin=null", "dataset.simulator: got 'langevin', expected exact: this law has no"),
]


@pytest.mark.parametrize(("override", "line"), LANGEVIN)
def test_one_bad_value_of_a_simulation_is_one_line(composed, override, line):
    (error,) = check(composed(GL, "dataset.simulator=langevin", override))
    assert error.startswith(line)


CHAIN = "dataset.markov_chain"
MARKOV_CHAIN = [
    (f"{CHAIN}.n_chains=0", f"{CHAIN}.n_chains: got 0, expected an integer >= 1"),
    (f"{CHAIN}.start=down", f"{CHAIN}.start: got 'down', expected uniform or up"),
    (f"{CHAIN}.burn_in=-1", f"{CHAIN}.burn_in: got -1, expected an integer >= 0"),
    (f"{CHAIN}.burn_in=0.5", f"{CHAIN}.burn_in: got 0.5, expected an integer >= 0"),
    (f"{CHAIN}.thin=0", f"{CHAIN}.thin: got 0, expected an integer >= 1"),
    (f"+{CHAIN}.dt=1", f"{CHAIN}.dt: no such key"),
    (f"~{CHAIN}.thin", f"{CHAIN}.thin: missing, expected an integer >= 1"),
    (f"{CHAIN}=null", "dataset.simulator: got 'wolff', expected exact: this law has no section"),
]


@pytest.mark.parametrize(("override", "line"), MARKOV_CHAIN)
def test_one_bad_value_of_a_markov_chain_is_one_line(composed, override, line):
    (error,) = check(composed("dataset.simulator=wolff", override))
    assert error.startswith(line)


@pytest.mark.parametrize("simulator", ["glauber", "metropolis", "wolff"])
def test_every_simulator_of_spins_has_its_defaults(composed, simulator):
    assert check(composed(f"dataset.simulator={simulator}")) == []


def test_spins_are_not_simulated_by_langevin_dynamics(composed):
    (error,) = check(composed("dataset.simulator=langevin"))
    line = (
        "dataset.simulator: got 'langevin', expected exact, glauber, metropolis, wolff or"
        " checkerboard"
    )
    assert error == line


def test_the_defaults_have_no_error(composed):
    assert check(composed()) == []


@pytest.mark.parametrize(
    "override",
    [
        "dataset.temperature=2",  # an integer is a number
        "dataset.coupling=-1",
        "dataset.batch_size=10000",
        "callbacks.ema_decay=0",
        "trainer.gradient_clip_val=null",
        "model.net.depth=0",
    ],
)
def test_what_is_allowed_passes(composed, override):
    assert check(composed(override)) == []


def test_all_errors_are_told_at_once(composed):
    # Those of one kind, without the pairings: each pair of them touches another key.
    pairs = [pair for pair in BAD if not pair[0].startswith(("~", "sde=", "model.net="))]
    overrides = {override.split("=")[0]: (override, line) for override, line in pairs}
    errors = check(composed(*(override for override, _ in overrides.values())))
    assert len(errors) == len(overrides)
    for _, line in overrides.values():
        assert any(error.startswith(line) for error in errors), line


def test_an_existing_checkpoint_passes_and_a_folder_does_not(composed, tmp_path):
    checkpoint = tmp_path / "last.ckpt"
    checkpoint.write_bytes(b"")
    assert check(composed(f"ckpt_path={checkpoint}")) == []
    (error,) = check(composed(f"ckpt_path={tmp_path}"))
    assert "RUN/checkpoints/last.ckpt" in error


def test_a_key_that_does_not_resolve_is_not_also_missing(composed):
    assert len(check(composed("dataset.dim=${nowhere}"))) == 1
    assert len(check(composed("dataset.dim=???"))) == 1


def test_a_law_of_ones_own_is_held_to_what_the_framework_reads(composed):
    own = ("dataset.name=my_law", "dataset._target_=my_package.MyLaw", "+dataset.wells=7")
    assert check(composed(*own, "~dataset.coupling", "dataset.dim=2")) == []
    (error,) = check(composed(*own, "dataset.n_train=-5"))
    assert error == "dataset.n_train: got -5, expected an integer >= 1"
    assert len(check(composed(*own, "~dataset.n_val"))) == 1


@pytest.mark.parametrize("group", ["sde", "loss", "sampler", "model"])
def test_each_group_takes_a_class_of_ones_own(composed, group):
    config = composed(f"{group}.name=mine", f"+{group}.anything=3")
    assert check(config) == []


def test_what_only_reals_read_is_not_ignored_of_spins(composed):
    (error,) = check(composed("model.name=mine", "+model.prediction=v"))
    assert error == (
        "model.prediction: got v, which is for real values, and dataset has spins in {-1,+1}:"
        " remove model.prediction"
    )


def test_every_pairing_that_fails_is_told_with_its_remedy(composed):
    errors = check(composed("dataset=ginzburg_landau"))
    assert errors == [
        "dataset=ginzburg_landau has real values; sde=spin_flip needs spins: use sde=vp, "
        "sde=vp_cosine, sde=sub_vp, sde=ve, sde=edm, sde=rectified_flow or sde=trigonometric",
        "dataset=ginzburg_landau has real values; model=leave_one_out needs spins or states: "
        "use model=chain_net, model=mlp, model=residual_mlp, model=unet or model=plain_cnn",
        "dataset=ginzburg_landau has real values; loss=ratio_matching needs spins or states: "
        "use loss=denoising, loss=likelihood, loss=flow_matching, loss=edm, loss=min_snr, "
        "loss=fixed_sigma or loss=implicit",
        "dataset=ginzburg_landau has real values; sampler=analytic_trapezoidal needs spins or"
        " states: use " + either(f"sampler={name}" for name in options("sampler", "real")),
    ]


POTTS = "+experiment=potts_d32"
BAD_STATES = [
    ("dataset.n_states=1", "dataset.n_states: got 1, expected an integer >= 2 and <= 32"),
    ("dataset.dim=2", "dataset.dim: got 2, expected an integer >= 3 and <= 512"),
    ("dataset.coupling=1e3", "dataset.temperature: got 1.0, expected at least |dataset.coupling|"),
    ("dataset.simulator=glauber", "dataset.simulator: got 'glauber', expected exact"),
    ("sde.tolerance=0", "sde.tolerance: got 0, expected a number > 0 and <= 0.1"),
    ("sde.schedule=linear", "sde.schedule: got 'linear', expected constant, geometric, log_"),
    ("+sde.n_states=4", "sde.n_states: no such key"),
    (
        "sde=spin_flip",
        "dataset=potts_ring has states 0 .. q-1; sde=spin_flip needs spins:"
        " use sde=uniform_jump or sde=absorbing",
    ),
    (
        "metrics.distances=[hamming_mmd]",
        "dataset=potts_ring has states 0 .. q-1; hamming_mmd needs spins: use metrics.distances=[]",
    ),
]


@pytest.mark.parametrize(("override", "line"), BAD_STATES)
def test_one_bad_value_or_pairing_of_states_is_one_line(composed, override, line):
    (error,) = check(composed(POTTS, override))
    assert error.startswith(line)


def test_models_of_spins_and_uniform_jumps_are_told_apart(composed):
    (error,) = check(composed(POTTS, "model=rot_conv_film"))
    assert error == (
        "dataset=potts_ring has states 0 .. q-1; model=rot_conv_film needs spins:"
        " use model=leave_one_out, model=leave_one_out_mlp, model=leave_one_out_messages,"
        " model=leave_one_out_pyramid or model=hollow_transformer"
    )
    (error,) = check(composed("+experiment=ising_d16", "sde=uniform_jump"))
    assert error.endswith("needs states 0 .. q-1: use sde=spin_flip or sde=absorbing")


REFUSED = [
    (POTTS, "model=rot_conv_film"),
    (POTTS, "sde=absorbing", "model=rot_conv_film"),
    (POTTS, "sde=spin_flip"),
    (POTTS, "sampler=heun"),
    (POTTS, "loss=denoising"),
    ("+experiment=ising_d16", "model=mlp"),
    ("+experiment=ising_d16", "sde=absorbing", "model=mlp"),
    ("+experiment=ising_d16", "sampler=heun"),
    ("+experiment=ising_torus_4x4", "model=mlp"),
    ("+experiment=gl_d8", "model=leave_one_out"),
]


@pytest.mark.parametrize("overrides", REFUSED, ids=" ".join)
def test_every_remedy_named_works_as_typed(composed, overrides):
    (error,) = check(composed(*overrides))
    remedies = re.split(", | or ", error.rpartition(": use ")[2])
    group = remedies[0].partition("=")[0]
    kept = [each for each in overrides if not each.startswith(f"{group}=")]
    for remedy in remedies:
        assert check(composed(*kept, remedy)) == [], remedy


@pytest.mark.parametrize("experiment", ["ising_d16", "potts_d32"])
def test_spins_and_states_take_masks(composed, experiment):
    assert check(composed(f"+experiment={experiment}", "sde=absorbing")) == []


BAD_WEIGHTS = [
    ("loss.weights.elbo=-1", "loss.weights.elbo: got -1, expected a number >= 0"),
    ("+loss.weights.denoising=1", "loss.weights.denoising: no such key"),
    (
        "loss.weights={ratio_matching: 0.0, clean_cross_entropy: 0.0}",
        "loss.weights: got {",
    ),
]


@pytest.mark.parametrize(("override", "line"), BAD_WEIGHTS)
def test_one_bad_weight_is_one_line(composed, override, line):
    (error,) = check(composed("loss=mixture", override))
    assert error.startswith(line)


@pytest.mark.parametrize(
    "loss", ["clean_cross_entropy", "score_entropy", "concrete_score", "elbo", "mixture"]
)
def test_every_loss_of_sites_fits_spins_and_states_and_not_reals(composed, loss):
    for experiment in ("ising_d16", "potts_d32"):
        assert check(composed(f"+experiment={experiment}", f"loss={loss}")) == []
    (error,) = check(composed(GL, f"loss={loss}"))
    assert f"loss={loss} needs spins or states: use loss=denoising" in error


@pytest.mark.parametrize("section", ["model", "loss"])
def test_a_run_from_before_there_were_states_is_valid(composed, section):
    assert check(composed(f"{section}.state_space=spin", "~sde.schedule")) == []


def test_a_state_space_that_is_no_word_is_an_error_and_not_a_crash():
    config = OmegaConf.create({"dataset": {"state_space": ["spin"], "name": [1]}, "seed": 0})
    errors = check(config)
    assert any(error.startswith("dataset.state_space: got ") for error in errors)


@pytest.mark.parametrize(
    ("law", "override", "error"),
    [
        ("four_well", "dim=2", "dataset.dim: got 2, expected 1"),
        ("four_well", "temperature=0", "dataset.temperature: got 0, expected a number >= 0.01"),
        ("swiss_roll", "dim=3", "dataset.dim: got 3, expected 2"),
        ("ising_torus", "rows=2", "dataset.rows: got 2, expected an integer >= 3"),
        ("ising_torus", "coupling=40", "dataset.temperature: got 3.0, expected at least |dataset."),
        ("gray_code", "points=rings", "dataset.points: got 'rings', expected 2spirals, 8gauss"),
        ("gray_code", "dim=16", "dataset.dim: got 16, expected 32"),
        ("ising_chain", "coupling=strong", "dataset.coupling: got 'strong', expected a number, or"),
        (
            "ising_chain",
            "coupling=[1.0,2.0]",
            "dataset.coupling: got [1.0, 2.0], expected one numb",
        ),
        ("ising_chain", "field=[0.5]", "dataset.field: got [0.5], expected one number or 64 of"),
        (
            "ising_chain",
            "field=-81",
            "dataset.temperature: got 1.0, expected at least |dataset.fie",
        ),
        ("ising_chain", "boundary=fixed", "dataset.boundary: got 'fixed', expected open or peri"),
        ("swiss_roll", "noise=-0.5", "dataset.noise: got -0.5, expected a number > 0"),
        ("symmetric_mixture", "n_components=1", "dataset.n_components: got 1"),
        ("random_mixture", "seed=-1", "dataset.seed: got -1"),
        (
            "anticorrelated_gaussian",
            "dim=4",
            "dataset.correlation: got -0.7, expected a number > -1 / (dataset.dim - 1) = -0.333",
        ),
    ],
)
def test_laws_of_few_dimensions_say_what_they_take(composed, law, override, error):
    errors = check(composed(f"dataset={law}", f"dataset.{override}"))
    assert [line for line in errors if line.startswith("dataset.")][0].startswith(error)
    plain = check(composed(f"dataset={law}"))
    assert not [line for line in plain if line.startswith("dataset.")]


@pytest.mark.parametrize(
    ("law", "even"),
    [
        (["dataset=ising_chain"], True),
        (["dataset=ising_chain", "dataset.field=0.3"], False),
        (["dataset=ising_chain", "dataset.dim=3", "dataset.field=[0.0,0.1,0.0]"], False),
        (["dataset=gray_code"], False),
    ],
)
def test_an_odd_network_needs_an_even_law(composed, law, even):
    law = [*law, "metrics=codes"]
    assert check(composed(*law, "model.net.odd=false")) == []
    assert check(composed(*law, "model=leave_one_out_mlp")) == []
    errors = check(composed(*law))
    assert [line.endswith("use model.net.odd=false") for line in errors] == [True] * (not even)


def test_a_sampler_of_colours_needs_a_network_trained_at_times_of_sites(composed):
    (error,) = check(composed("sampler=coloured"))
    assert error.startswith("sampler=coloured gives sites times of their own")
    assert error.endswith("use loss.site_times=true, or sampler=analytic")
    assert check(composed("sampler=coloured", "loss.site_times=true")) == []
    (error,) = check(composed("sampler=coloured", "loss.site_times=true", "sampler.colours=1"))
    assert error.startswith("sampler.colours: got 1, expected an integer >= 2")
    old = composed()
    with open_dict(old):
        del old.loss.site_times
    assert check(old) == []


def test_a_network_of_a_lattice_needs_the_laws(composed):
    torus = ["dataset=ising_torus", "model=leave_one_out_2d"]
    assert check(composed(*torus, "dataset.rows=6")) == []
    (error,) = check(composed(*torus, "model.net.rows=3"))
    assert error.startswith("dataset=ising_torus has 4 rows and 4 columns, and model.net 3 and 4:")
    (error,) = check(composed("model=leave_one_out_2d"))
    assert error.startswith("dataset=ising_ring has no rows and columns;")
    assert error.endswith("use model=leave_one_out")


@pytest.mark.parametrize("model", ["leave_one_out", "leave_one_out_pyramid", "rot_conv_film"])
def test_a_network_of_rings_is_refused_on_a_lattice(composed, model):
    (error,) = check(composed("dataset=ising_torus", f"model={model}"))
    assert error.endswith(f"model={model} is for rings: use model=leave_one_out_2d")


def test_heads_divide_the_width(composed):
    (error,) = check(composed("model=hollow_transformer", "model.net.heads=3"))
    assert error == "model.net.heads: got 3, expected a divisor of model.net.width=32"


def test_codes_need_a_distance(composed):
    codes = ["dataset=gray_code", "model=leave_one_out_mlp"]
    (error,) = check(composed(*codes))
    assert error.startswith("metrics.distances: got [], expected some")
    assert error.endswith("use metrics=codes")
    assert check(composed(*codes, "metrics.distances=[energy_distance]")) == []


def test_distances_must_have_a_meaning_for_the_law(composed):
    distances = "metrics.distances=[mmd,total_variation]"
    assert check(composed(GL, distances)) == []
    assert check(composed(distances)) == [
        "dataset=ising_ring has spins in {-1,+1}; total_variation needs real values: "
        "use metrics.distances=[mmd]"
    ]


def test_a_missing_library_is_told_before_any_work(composed, monkeypatch):
    monkeypatch.setattr("truescore.config.schema.run.find_spec", lambda name: None)
    assert check(composed(GL, "metrics.distances=[energy_distance]")) == []
    (error,) = check(composed(GL, "metrics.distances=[energy_distance,wasserstein_2]"))
    assert error.endswith("expected others, as these need the library POT: pip install pot")


def test_a_run_from_before_there_were_distances_is_valid(composed):
    assert check(composed("~metrics.distances")) == []


def test_compiling_needs_a_compiler(composed, monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert check(composed("trainer.compile=true")) == [
        "trainer.compile: got true, expected false, as there is no C++ compiler no-such-compiler:"
        " install it or set CXX"
    ]
    assert check(composed()) == []


COLOURED = "sampler=coloured", "loss.site_times=true"
TORUS = "+experiment=ising_torus_8x8"


@pytest.mark.parametrize(
    ("law", "colours", "good"),
    [
        (["+experiment=ising_d16"], 4, None),
        (["+experiment=ising_d16"], 5, 6),
        (["+experiment=ising_d16", "dataset.dim=65"], 4, 5),
        (["+experiment=ising_d16", "dataset.dim=17"], 4, 5),
        ([POTTS, "dataset.dim=9"], 2, 3),
        (["dataset=ising_chain", "dataset.dim=17"], 4, None),
        ([TORUS], 4, 5),
        ([TORUS], 3, None),
        ([TORUS, "dataset.rows=6"], 3, None),
        ([TORUS, "dataset.rows=7"], 3, 5),
    ],
)
def test_neighbours_have_colours_of_their_own(composed, law, colours, good):
    errors = check(composed(*law, *COLOURED, f"sampler.colours={colours}"))
    if good is None:
        assert errors == []
        return
    (error,) = errors
    assert error.startswith(f"sampler.colours: got {colours}, which gives neighbours of dataset=")
    assert error.endswith(f"use sampler.colours={good}")
    assert check(composed(*law, *COLOURED, f"sampler.colours={good}")) == []


@pytest.mark.parametrize(
    ("law", "side"),
    [
        (["dataset=ising_ring", "dataset.dim=15"], "dim"),
        (["dataset=ising_chain", "dataset.dim=15", "dataset.boundary=periodic"], "dim"),
        ([TORUS, "dataset.rows=7"], "rows"),
        ([TORUS, "dataset.columns=7"], "columns"),
    ],
)
def test_an_odd_ring_is_no_checkerboard(composed, law, side):
    (error,) = check(composed(*law, "dataset.simulator=checkerboard"))
    assert error.startswith(f"dataset.{side}: got ") and "expected an even number with" in error
    assert error.endswith("use dataset.simulator=glauber")
    assert check(composed(*law, "dataset.simulator=glauber")) == []


def test_an_open_chain_of_any_length_is_a_checkerboard(composed):
    odd = "dataset=ising_chain", "dataset.dim=15", "dataset.simulator=checkerboard"
    assert check(composed(*odd)) == []


WIDE = TORUS, "dataset.rows=12"
BAD_TORI = [
    (["dataset.columns=12"], "dataset.columns: got 12, expected at most 10, or dataset.simulator="),
    (
        ["dataset.columns=400", "dataset.simulator=wolff"],
        "dataset.columns: got 400, expected at most 341, or 10: dataset.rows=12 are many",
    ),
    (
        ["dataset.columns=13", "dataset.simulator=wolff", "dataset.coupling=-1"],
        "dataset.coupling: got -1, expected a number >= 0, or an even number of dataset.rows and",
    ),
    (
        ["dataset.columns=12", "dataset.simulator=wolff", "dataset.temperature=200"],
        "dataset.temperature: got 200, expected at most 100 |dataset.coupling| = 100",
    ),
]


@pytest.mark.parametrize(("overrides", "line"), BAD_TORI)
def test_a_wide_torus_has_no_exact_samples(composed, overrides, line):
    (error,) = check(composed(*WIDE, *overrides))
    assert error.startswith(line)


@pytest.mark.parametrize("overrides", [["dataset.columns=12"], ["dataset.columns=13"]])
def test_a_wide_torus_learns_from_wolffs_data(composed, overrides):
    assert check(composed(*WIDE, *overrides, "dataset.simulator=wolff")) == []
