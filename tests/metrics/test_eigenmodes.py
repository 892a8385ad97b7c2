import numpy as np
import pytest
import torch

from truescore.errors import UserError
from truescore.metrics import eigenmode_errors
from truescore.targets import GaussianMixture, GinzburgLandauChain, IsingRing

from .conftest import gaussian

SPECTRUM = torch.linalg.eigvalsh(gaussian().covariance()).flip(0)


def test_modes_stand_from_the_largest_variance_down(generator):
    modes = eigenmode_errors(gaussian(), gaussian().sample(100, generator))
    np.testing.assert_allclose(modes.variance, SPECTRUM.numpy(), rtol=1e-12)


def test_the_errors_are_those_of_the_covariance_in_its_eigenbasis(generator):
    law = gaussian(shift=0.3)
    x = law.sample(100, generator)
    deviation = x.double() - law.mean()
    covariance = deviation.mT @ deviation / 100
    _, basis = torch.linalg.eigh(law.covariance())
    along = (basis.mT @ covariance @ basis).diagonal().flip(0)
    error = eigenmode_errors(law, x).error
    np.testing.assert_allclose(error, (along / SPECTRUM - 1).numpy(), rtol=1e-9)


def test_the_floor_of_gaussian_modes_is_known(generator):
    """kappa = 2: the floor sqrt(2/n), from 10,000 samples to sqrt(24/10^4)/4 = 1.2%."""
    modes = eigenmode_errors(gaussian(), gaussian().sample(400, generator))
    np.testing.assert_allclose(modes.floor, np.sqrt(2 / 400), rtol=6 * 0.0123)


@pytest.mark.parametrize("scale", [0.5, 1.5])
def test_a_scaled_law_errs_by_its_scale(scale, generator):
    modes = eigenmode_errors(gaussian(), gaussian(scale=scale).sample(5000, generator))
    assert ((modes.ci_low < scale - 1) & (scale - 1 < modes.ci_high)).sum() >= 3
    assert (np.abs(modes.error - (scale - 1)) < 6 * scale * np.sqrt(2 / 5000)).all()
    assert (modes.p_value < 1e-6).all()


@pytest.mark.parametrize(
    "law",
    [
        gaussian(),
        IsingRing(8),
        GinzburgLandauChain(6, 0.03, 8.0),
        GaussianMixture(
            torch.ones(2),
            torch.tensor([[2.0, 0], [-2, 0]]),
            0.1 * torch.eye(2).expand(2, 2, 2),
        ),
    ],
    ids=["gaussian", "ring", "chain", "wells"],
)
def test_perfect_samples_stay_in_their_band(law, generator):
    """95% of 200 sets, per mode: 165 or fewer inside have a chance under 1e-9, as have 7 of 12
    with p <= 0.01; the approximation may take a little of that."""
    sets = law.sample(200 * 300, generator).reshape(200, 300, -1)
    all_modes = [eigenmode_errors(law, x) for x in sets[:12]]
    first = all_modes[0]
    # The band depends on the law and n alone: all sets at once.
    variance, basis = torch.linalg.eigh(law.covariance())
    ratio = (((sets.double() - law.mean()) @ basis) ** 2).mean(1) / variance
    error = ratio.flip(1).numpy() - 1
    inside = ((first.band_low < error) & (error < first.band_high)).sum(0)
    assert (inside > 165).all()
    # As many on either side: the band is skewed as the errors are.
    assert ((error <= first.band_low).sum(0) < 25).all()
    assert ((error >= first.band_high).sum(0) < 25).all()
    rare = sum((modes.p_value <= 0.01).astype(int) for modes in all_modes)
    assert (rare <= 6).all()
    z = np.sqrt((error**2).mean(0)) / first.floor
    np.testing.assert_allclose(z, 1, atol=0.35)


def test_modes_without_variance_are_left_out(generator):
    covariance = torch.tensor([[1.0, 0.0], [0.0, 1e-16]])
    flat = GaussianMixture(torch.ones(1), torch.zeros(1, 2), covariance[None])
    modes = eigenmode_errors(flat, flat.sample(100, generator))
    np.testing.assert_allclose(modes.variance, [1.0])


def test_the_table_is_plain(generator):
    table = eigenmode_errors(gaussian(), gaussian().sample(100, generator)).as_dict()
    assert set(table) >= {"variance", "error", "floor", "band_low", "band_high", "p_value"}
    assert all(len(column) == 5 and isinstance(column[0], float) for column in table.values())


def test_bad_samples_are_refused():
    with pytest.raises(UserError, match="NaN"):
        eigenmode_errors(gaussian(), torch.full((100, 5), torch.nan))
