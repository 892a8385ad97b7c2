import pytest
import torch
from scipy.stats import ks_2samp

from truescore.errors import UserError
from truescore.metrics import DISTANCES, PerfectSamples, null_cache, perfect_samples
from truescore.metrics.distances import EnergyDistance, SlicedWasserstein, TotalVariation

from .conftest import gaussian, spins

FALSE_ALARM = 1e-8


def perfect(law, *names, **kwargs):
    return PerfectSamples(law, n_null=100, distances=names, **kwargs)


@pytest.fixture
def draws_of(monkeypatch):
    """Null draws from a fresh process's point of view, and how many samples they cost."""

    def run(law, *names, n=30, **kwargs):
        monkeypatch.setattr(null_cache, "_memory", {})
        pairs = perfect(law, *names, **kwargs).pairs
        drawn = []
        sample = law.sample
        monkeypatch.setattr(law, "sample", lambda n, g: drawn.append(n) or sample(n, g))
        laws = pairs.null_laws(n)
        monkeypatch.setattr(law, "sample", sample)
        return {name: null.draws for name, null in laws.items()}, sum(drawn)

    return run


def test_draws_are_kept_by_distance(draws_of, cache):
    both, cost = draws_of(gaussian(), "energy_distance", "total_variation")
    assert cost == 100 * 2 * 30
    assert len(list(cache.iterdir())) == 2
    assert draws_of(gaussian(), "total_variation", "energy_distance")[1] == 0
    one_more, cost = draws_of(gaussian(), "energy_distance", "sliced_wasserstein")
    assert cost == 100 * 2 * 30
    assert torch.equal(one_more["energy_distance"], both["energy_distance"])


def test_draws_do_not_depend_on_what_else_is_drawn(draws_of, cache):
    alone, _ = draws_of(gaussian(), "energy_distance")
    for file in cache.iterdir():
        file.unlink()
    together, _ = draws_of(gaussian(), "mmd", "energy_distance", "c2st")
    assert torch.equal(alone["energy_distance"], together["energy_distance"])


def test_what_changes_the_draws_changes_the_key(draws_of):
    draws_of(gaussian(), "energy_distance")
    for law, kwargs in [
        (gaussian(shift=0.1), {}),
        (gaussian(scale=1.1), {}),
        (spins(), {}),
        (gaussian(), {"seed": 1}),
        (gaussian(), {"n": 31}),
    ]:
        assert draws_of(law, "energy_distance", **kwargs)[1] > 0
    assert draws_of(gaussian(), "mmd")[1] > 0


def test_large_sets_share_their_draws(draws_of):
    draws_of(gaussian(), "energy_distance", n=600)
    assert draws_of(gaussian(), "energy_distance", n=50_000)[1] == 0


def test_damaged_draws_are_drawn_again(draws_of, cache, caplog):
    first, _ = draws_of(gaussian(), "energy_distance")
    (path,) = cache.iterdir()
    path.write_bytes(b"x" * 500)
    again, cost = draws_of(gaussian(), "energy_distance")
    assert cost == 100 * 2 * 30
    assert torch.equal(first["energy_distance"], again["energy_distance"])
    assert "drawing again" in caplog.text


@pytest.mark.parametrize("kind", [EnergyDistance, SlicedWasserstein, TotalVariation])
def test_scaled_draws_follow_the_law_of_larger_sets(kind, generator):
    """Null draws at 256 against fresh ones at 1,000."""
    law, n, fresh = gaussian(dim=2), 1000, 150
    null = PerfectSamples(law, n_null=300, distances=[kind.name]).null_laws(n)[kind.name]
    distance = kind(law)
    pairs = law.sample(fresh * 2 * n, generator).double().reshape(fresh, 2, n, 2)
    values = [distance(x, y) for x, y in pairs]
    assert ks_2samp(values, null.draws.numpy()).pvalue > FALSE_ALARM


@pytest.mark.parametrize("name", ["wasserstein_1", "c2st"])
def test_a_distance_without_a_scaling_is_drawn_at_the_size_it_is_judged_at(name):
    kind = DISTANCES[name]
    assert kind.null_size >= kind.most


def test_the_exact_side_is_fixed_and_not_of_the_null():
    law = gaussian()
    first, second = perfect(law, "energy_distance"), perfect(law, "total_variation")
    assert torch.equal(first.pairs.exact(40), second.pairs.exact(40))
    assert torch.equal(first.pairs.exact(2000)[:40], first.pairs.exact(40))
    assert torch.equal(
        perfect(law, "energy_distance").pairs.exact(2000)[:40], first.pairs.exact(40)
    )
    assert not torch.equal(perfect(law, "mmd", seed=3).pairs.exact(40), first.pairs.exact(40))


def test_wrong_names_are_one_line():
    with pytest.raises(UserError, match="got the distance 'energy', expected some of energy_dist"):
        perfect(gaussian(), "energy")
    with pytest.raises(UserError, match="for a law of spins, expected some of energy_distance, "):
        perfect(spins(), "sliced_wasserstein")


def test_distances_count_for_holm(caplog):
    perfect_samples._warn_of_few_sets.cache_clear()  # it is said once in a process
    perfect(gaussian(), "energy_distance", "mmd")
    assert "too few to reject any of 6 errors together (Holm): use 600 or more" in caplog.text
