import pytest
import torch

from truescore.errors import UserError
from truescore.metrics.distances import TotalVariation, total_variation

from ..conftest import gaussian

EDGES = torch.tensor([[0.0], [1.0], [2.0]], dtype=torch.float64)


def uniform(at):
    """Of the uniform law on [0, 2]."""
    return (at / 2).clamp(0, 1)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.5, 1.5], 0.0),  # as the law
        ([0.5, 0.5], 0.5),  # half the mass is on the wrong side
        ([-1.0, 3.0], 1.0),  # all of it where the law has none
        ([0.0, 1.0], 0.0),  # a bin holds its lower edge
        ([0.5, 1.5, 1.5, 2.0], 0.25),
    ],
)
def test_known_histograms(values, expected):
    samples = torch.tensor(values)[:, None]
    assert float(total_variation(samples, uniform, EDGES)) == pytest.approx(expected, abs=1e-12)


def test_sites_are_counted_apart():
    samples = torch.tensor([[0.5, -1.0], [1.5, -1.0]])
    edges = EDGES.expand(3, 2)
    torch.testing.assert_close(
        total_variation(samples, uniform, edges), torch.tensor([0.0, 1.0]).double()
    )


def test_perfect_samples_err_by_their_scatter(assert_mean, generator):
    """E|n_k/n - P| of a binomial: on two halves, n = 2, it is (1/2) (1/2) + 0, so TV 1/4."""
    x = 2 * torch.rand(3_000, 2, 1, generator=generator)
    errors = torch.stack([total_variation(pair, uniform, EDGES)[0] for pair in x])
    assert_mean(errors, 0.25)


def test_the_bins_of_a_law_are_about_equally_likely():
    law = gaussian()
    edges = TotalVariation(law).edges
    lower, _ = law.marginal_cdf(edges)
    # Of 512 samples: the levels scatter by up to 0.022 each.
    levels = torch.arange(1, 20, dtype=torch.float64)[:, None] / 20
    assert float((lower - levels).abs().max()) < 0.12


@pytest.mark.parametrize("edges", [EDGES.flip(0), EDGES[:, 0], EDGES.expand(3, 2)])
def test_wrong_edges_are_one_line(edges):
    with pytest.raises(UserError, match=r"got edges of shape .* expected \(k, 1\), increasing"):
        total_variation(torch.zeros(4, 1), uniform, edges)
