"""Chains that cannot run are told before any work, and those that can are left alone."""

import pytest
import torch

from truescore.errors import UserError
from truescore.simulate.rehearsal import rehearse_chains
from truescore.targets import FourWell, GinzburgLandauChain

CHAIN, WELLS = GinzburgLandauChain(8), FourWell()
BOXED = GinzburgLandauChain(8, half_width=2.5)
GAUSSIAN = {"n_chains": 2000, "burn_in": 10.0, "thin": 0.5, "start": "normal"}
ONE_FROM_ZERO = {"n_chains": 1, "burn_in": 0.0, "thin": 0.5, "start": "zero"}


@pytest.mark.parametrize(
    ("law", "settings", "remedy"),
    [
        (CHAIN, GAUSSIAN | {"integrator": "euler_maruyama", "dt": 0.01}, "strang"),
        # Of N(0, I) one start in 2,000 is so far out that this step overshoots it.
        (CHAIN, GAUSSIAN | {"integrator": "euler_maruyama", "dt": 0.004}, "strang"),
        (CHAIN, GAUSSIAN | {"integrator": "leimkuhler_matthews", "dt": 0.01}, "strang"),
        # Here none is, and one chain in 500 comes to such a place within 125 steps.
        (CHAIN, GAUSSIAN | {"integrator": "euler_maruyama", "dt": 0.01, "start": "zero"}, "strang"),
        (WELLS, ONE_FROM_ZERO | {"integrator": "euler_maruyama", "dt": 0.5}, "mala"),
    ],
)
def test_chains_that_overflow_are_refused(law, settings, remedy):
    with pytest.raises(UserError) as error:
        rehearse_chains(law, settings, 100_000)
    line = str(error.value)
    assert line.startswith(f"got dataset.langevin.dt={settings['dt']:g}, with which")
    assert line.endswith(f"lower it, or use dataset.langevin.integrator={remedy}")


@pytest.mark.parametrize(
    ("law", "settings"),
    [
        (CHAIN, GAUSSIAN | {"integrator": "euler_maruyama", "dt": 0.001}),
        (CHAIN, GAUSSIAN | {"integrator": "euler_maruyama", "dt": 0.004, "start": "zero"}),
        (BOXED, GAUSSIAN | {"integrator": "euler_maruyama", "dt": 0.004, "box": "rejecting"}),
        (CHAIN, GAUSSIAN | {"integrator": "strang", "dt": 0.01, "temperatures": [12.0]}),
        (WELLS, ONE_FROM_ZERO | {"integrator": "euler_maruyama", "dt": 0.005}),
        (WELLS, GAUSSIAN | {"integrator": "tamed_euler", "dt": 0.5}),
    ],
)
def test_chains_that_stay_finite_are_not(law, settings):
    before = torch.get_rng_state()
    rehearse_chains(law, settings, 10_000)
    assert torch.equal(torch.get_rng_state(), before)  # its draws are of a generator of its own


def test_one_chain_is_not_refused_for_what_one_in_2000_does():
    settings = GAUSSIAN | {"integrator": "euler_maruyama", "dt": 0.004}
    rehearse_chains(CHAIN, settings | {"n_chains": 1}, 10_000)
    with pytest.raises(UserError, match="overflows"):
        rehearse_chains(CHAIN, settings, 100_000)


def test_flips_do_not_hide_chains_that_never_move():
    settings = {"integrator": "mala", "dt": 10.0, "flips": True}
    with pytest.raises(UserError, match="mala accepts 0% of its steps"):
        rehearse_chains(WELLS, GAUSSIAN | settings, 100)
