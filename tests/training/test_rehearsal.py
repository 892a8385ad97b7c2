"""What cannot be built, does not move or answers in the wrong shape is told before any work."""

import pytest
from omegaconf import OmegaConf

from truescore.errors import UserError
from truescore.training.rehearsal import rehearse

from .conftest import small_config

LANGEVIN = "dataset.simulator=langevin"
CODE = """
import torch
from truescore.losses import DenoisingScoreMatching
from truescore.samplers import DDIM
from truescore.targets import Target


class Unfinished(Target):
    def log_prob(self, x):
        return x.sum(1)


class OneForAll(torch.nn.Module):
    def __init__(self, dim, **others):
        super().__init__()
        self.layer = torch.nn.Linear(dim, 1)

    def forward(self, x, noise_level):
        return self.layer(x)


class Reduced(DenoisingScoreMatching):
    def __call__(self, *arguments):
        return super().__call__(*arguments).mean()


class Narrow(DDIM):
    def inner_step(self, denoiser, x_t, t, s, generator):
        return x_t[:, :1]
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    (tmp_path / "unfinished.py").write_text(CODE)
    (tmp_path / "broken.py").write_text("import no_such_package\n")
    monkeypatch.syspath_prepend(str(tmp_path))


INTEGRATORS = ["strang", "mala", "euler_maruyama", "leimkuhler_matthews", "tamed_euler"]
USUAL = [
    *([experiment] for experiment in ("ising_d16", "gl_d8", "four_well", "swiss_roll")),
    *(["gl_d8", LANGEVIN, f"dataset.langevin.integrator={name}"] for name in INTEGRATORS),
    *(["ising_d16", f"dataset.simulator={name}"] for name in ("glauber", "metropolis", "wolff")),
    # These have no limit on their step.
    *(
        ["gl_d8", LANGEVIN, "dataset.langevin.dt=1", f"dataset.langevin.integrator={name}"]
        for name in ("strang", "tamed_euler")
    ),
]


@pytest.mark.parametrize("arguments", USUAL, ids=" ".join)
def test_what_can_be_built_passes_and_leaves_nothing(arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = small_config(*arguments)
    before = OmegaConf.to_yaml(config)
    rehearse(config)
    assert OmegaConf.to_yaml(config) == before and not list(tmp_path.iterdir())


def test_flips_of_reals_are_refused():
    own = ["dataset.name=own", "dataset.simulator=glauber"]
    chain = "+dataset.markov_chain={n_chains: 9, start: up, burn_in: 1, thin: 1}"
    with pytest.raises(UserError, match="got GinzburgLandauChain, whose couplings are not known"):
        rehearse(small_config("gl_d8", *own, chain))


@pytest.mark.parametrize(
    ("overrides", "line"),
    [
        (["dataset.langevin.integrator=euler_maruyama"], "got dt=1, expected below 0.122, where"),
        (
            ["dataset.langevin.integrator=leimkuhler_matthews"],
            "got dt=1, expected below 0.122, where",
        ),
        (
            ["dataset.langevin.integrator=mala"],
            "got dataset.langevin.dt=1, with which mala accepts 0% of its steps, expected one in",
        ),
    ],
)
def test_steps_beyond_stability_are_refused(overrides, line):
    with pytest.raises(UserError) as caught:
        rehearse(small_config("gl_d8", LANGEVIN, "dataset.langevin.dt=1", *overrides))
    assert str(caught.value).startswith(line)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("overrides", "line"),
    [
        (
            ["dataset.name=own", "dataset._target_=nowhere.Law"],
            "got _target_=nowhere.Law, which cannot be imported (No module named 'nowhere'), expe",
        ),
        (
            ["dataset.name=own", "dataset._target_=broken.Law"],
            "got _target_=broken.Law, which cannot be imported (No module named 'no_such_package'",
        ),
        (
            ["dataset.name=own", "dataset._target_=unfinished.Unfinished"],
            "got unfinished.Unfinished without covariance, marginal, marginal_cdf, mean,"
            " parameters, sample, squared_deviations, expected all: write them",
        ),
        (
            ["model.name=own", "model.net._target_=unfinished.OneForAll", "~model.skip"]
            + ["+model.prediction=v"],
            "got answers of shape (6, 1) from OneForAll, expected (6, 8): mend it",
        ),
        (
            ["loss.name=own", "loss._target_=unfinished.Reduced"],
            "got losses of shape () from Reduced, expected (3,): mend it",
        ),
        (
            ["sampler.name=own", "sampler._target_=unfinished.Narrow"],
            "got points of shape (3, 1) from Narrow, expected (3, 8): mend it",
        ),
        (["model.net.n_modes=9"], "got channels=16, depth=4, n_modes=9, expected channels and"),
        (["loss=fixed_sigma", "loss.sigma=1e-9"], "got sigma=1e-09, expected 0.01 to"),
        (["loss=implicit", "loss.trace=exact"], "got trace=exact for 8 sites, expected at most 4"),
    ],
)
def test_what_only_the_objects_know_is_one_line(own, overrides, line):
    with pytest.raises(UserError) as caught:
        rehearse(small_config("gl_d8", *overrides))
    assert str(caught.value).startswith(line)
    assert "\n" not in str(caught.value)


def test_a_network_of_states_is_asked_to_know_how_many(own):
    net = ["model.name=own", "model.net._target_=unfinished.OneForAll"]
    with pytest.raises(UserError) as caught:
        rehearse(small_config("potts_d32", *net))
    assert str(caught.value) == (
        "got unfinished.OneForAll, whose constructor takes dim, others, expected n_symbols (one-hot"
        " channels of a noisy site) and n_states (logits of a clean one) too: add them, or train on"
        " spins"
    )
