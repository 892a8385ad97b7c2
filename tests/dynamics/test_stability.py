"""Beyond its stability limit an explicit rule throws points outwards; below, it draws them in."""

import math

import pytest
import torch

from truescore.dynamics import (
    BrownianMotion,
    Euler,
    EulerMaruyama,
    GeometricBrownianMotion,
    Heun,
    Milstein,
    OrnsteinUhlenbeck,
    OverdampedLangevin,
    ProbabilityFlow,
)
from truescore.targets import CorrelatedGaussian, GinzburgLandauChain, SymmetricMixture

GAUSSIAN = CorrelatedGaussian(2, -0.7)
NARROWEST = torch.tensor([[1.0, 1.0]], dtype=torch.float64) / math.sqrt(2)


@pytest.mark.parametrize("integrator", [EulerMaruyama(), Heun(), Milstein()])
@pytest.mark.parametrize(
    "dynamics", [OrnsteinUhlenbeck(0.7, 1.3), OverdampedLangevin(GAUSSIAN, 1.7)]
)
def test_the_limit_is_where_a_step_stops_to_draw_points_in(dynamics, integrator):
    start = torch.zeros((), dtype=torch.float64)
    for factor, inwards in ((0.99, True), (1.01, False)):
        step = start + factor * dynamics.stability_limit
        moved = integrator.step(dynamics, NARROWEST, start, step, 0 * NARROWEST)
        assert (float(moved.norm()) < 1) is inwards


def test_limits_in_closed_form():
    assert BrownianMotion(1.0).stability_limit == math.inf
    assert GeometricBrownianMotion(0.1, 1.0).stability_limit == math.inf
    assert OverdampedLangevin(GAUSSIAN, 2.0).stability_limit == pytest.approx(0.3)
    # One of the Gaussians, not the whole mixture.
    mixture = SymmetricMixture(radius=5.0, scale=0.2)
    assert OverdampedLangevin(mixture, 1.0).stability_limit == pytest.approx(4 * 0.04)
    chain = GinzburgLandauChain(2)
    narrowest = float(torch.linalg.eigvalsh(chain.covariance())[0])
    assert OverdampedLangevin(chain, 1.0).stability_limit == pytest.approx(4 * narrowest)


def test_the_flow_has_the_limit_of_its_diffusion_when_its_law_has_arrived():
    """There the drift is -theta x - (sigma^2/2) score(x) = 0; on the way it is -theta x at most."""
    flow = ProbabilityFlow(GAUSSIAN, 0.7, 1.3)
    assert flow.stability_limit == pytest.approx(2 / 0.7)
    t = torch.zeros((), dtype=torch.float64)
    wide = torch.tensor([[1.0, -1.0]], dtype=torch.float64) / math.sqrt(2)
    moved = Euler().step(flow, wide, t, t + 0.99 * flow.stability_limit, 0 * wide)
    assert float(moved.norm()) < 1
