"""R-hat and effective sample size against first-order autoregressions, where both are known."""

import pytest
import torch

from truescore.simulate.convergence import effective_size, split_r_hat


def autoregression(rho, m, n_chains, seed=0):
    """Stationary x_{t+1} = rho x_t + sqrt(1 - rho^2) z, ``(m, n_chains)``."""
    generator = torch.Generator().manual_seed(seed)
    z = torch.randn(m, n_chains, dtype=torch.float64, generator=generator)
    x = z.clone()
    for t in range(1, m):
        x[t] = rho * x[t - 1] + (1 - rho**2) ** 0.5 * z[t]
    return x


# Short chains leave the scatter between them, of relative error sqrt(2 / n_chains), at every lag.
@pytest.mark.parametrize(("m", "n_chains", "within"), [(20_000, 4, 0.07), (400, 500, 0.2)])
@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_effective_size_of_an_autoregression(rho, m, n_chains, within):
    exact = m * n_chains * (1 - rho) / (1 + rho)
    assert effective_size(autoregression(rho, m, n_chains)) == pytest.approx(exact, rel=within)


def test_effective_size_is_what_the_scatter_of_means_says():
    """n_eff = variance / (variance of the mean), measured over 2,000 repetitions."""
    draws = autoregression(0.8, 100, 2000 * 10).reshape(100, 2000, 10)
    measured = 1 / float(draws.mean((0, 2)).var())
    estimated = torch.tensor([effective_size(draws[:, i]) for i in range(200)]).mean()
    assert float(estimated) == pytest.approx(measured, rel=0.12)


def test_chains_that_never_move_count_once_each():
    frozen = torch.randn(1, 300, generator=torch.Generator().manual_seed(0)).expand(50, -1)
    assert effective_size(frozen) == pytest.approx(300, rel=0.1)


def test_few_draws_a_chain_count_as_one_a_chain():
    assert effective_size(torch.randn(3, 70)) == 70


def test_anticorrelated_chains_are_not_worth_more_than_their_draws():
    draws = autoregression(-0.9, 1000, 4)
    assert effective_size(draws) == draws.numel()


def test_a_constant_hides_nothing():
    assert effective_size(torch.ones(10, 4)) == 40
    assert split_r_hat(torch.ones(10, 4)) == 1


def test_r_hat_of_independent_draws_is_one():
    assert split_r_hat(autoregression(0.0, 10_000, 4)) == pytest.approx(1, abs=1e-3)


def test_r_hat_of_shifted_chains():
    """Two chains at +-1 about unit variance: var of four half means 4/3, R-hat^2 = 1 + 4/3."""
    draws = autoregression(0.0, 20_000, 2) + torch.tensor([-1.0, 1.0])
    assert split_r_hat(draws) == pytest.approx((1 + 4 / 3) ** 0.5, rel=0.015)


def test_r_hat_sees_a_drift_that_all_chains_share():
    draws = autoregression(0.0, 4000, 4)
    draws[2000:] += 1.0
    # Half means at 0 and 1, four of each: variance 2/7.
    assert split_r_hat(draws) == pytest.approx((1 + 2 / 7) ** 0.5, rel=0.015)


def test_pooled_r_hat_follows_the_effective_size():
    """Many short chains: each alone disagrees with the others, four pools of them do not."""
    rho, m, n_chains = 0.9, 40, 1000
    squares = []
    for seed in range(40):
        draws = autoregression(rho, m, n_chains, seed)
        assert split_r_hat(draws) > 1.2
        squares.append(split_r_hat(draws, groups=4) ** 2 - 1)
    lags = torch.arange(m)
    correlation = rho ** (lags[:, None] - lags).abs().double()
    own, other = float(correlation[:20, :20].mean()), float(correlation[:20, 20:].mean())
    # Eight means of 250 half chains each, of which the halves of one chain are correlated.
    expected = (own - other / 7) / 250
    assert sum(squares) / 40 == pytest.approx(expected, rel=0.35)


def test_chains_left_over_by_the_groups_are_dropped():
    draws = autoregression(0.0, 1000, 9)
    draws[:, 8] += 1e6
    assert split_r_hat(draws, groups=4) == pytest.approx(1, abs=0.01)
    assert split_r_hat(draws[:, :3], groups=4) == split_r_hat(draws[:, :3])
