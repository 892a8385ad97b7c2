"""A certificate passes what is perfect, and says of what is not why and what to do."""

import io
import json
import logging
import math

import pytest
import torch
from rich.console import Console

from truescore.metrics import PerfectSamples
from truescore.simulate import EulerMaruyama, Strang
from truescore.simulate.certificate_table import certificate_table
from truescore.simulate.certify import certify
from truescore.simulate.simulation import Simulation
from truescore.targets import GaussianMixture, GinzburgLandauChain, IsingRing

from .stand_in import OrnsteinUhlenbeck, PlainEuler


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def wells():
    return PerfectSamples(GinzburgLandauChain(8))


@pytest.fixture(scope="module")
def gaussian():
    law = GaussianMixture(torch.ones(1), torch.zeros(1, 2), torch.eye(2)[None])
    return PerfectSamples(law)


def simulated(law, integrator, n, n_chains, burn_in, thin, start=None, seed=0):
    simulation = Simulation(integrator, n_chains, burn_in, thin)
    return torch.cat(list(simulation.blocks(n, law.dim, generator(seed), start)))


def remedies(certificate):
    return {failure.remedy for failure in certificate.failures}


def test_exact_samples_pass_99_times_in_100(wells):
    """Of 100 datasets more than 10 fail with a chance of 1e-7, if each does with one of 1%."""
    passed = 0
    for seed in range(100):
        certificate = certify(wells, wells.target.sample(1500, generator(seed)))
        assert certificate.n_effective == 1500
        assert set(certificate.sizes.values()) == {1500}
        passed += certificate.passed
    assert passed >= 90


def test_chains_at_equilibrium_pass(gaussian):
    """500 draws of 20 chains with rho = exp(-1/2): worth 10,000 tanh(1/4) = 2,449."""
    passed = 0
    for seed in range(40):
        x = simulated(gaussian.target, OrnsteinUhlenbeck(0.5), 10_000, 20, 10.0, 0.5, seed=seed)
        certificate = certify(gaussian, x, "exact steps", 20)
        assert certificate.n_effective == pytest.approx(10_000 * math.tanh(0.25), rel=0.25)
        assert certificate.tracks["leading_mode"].r_hat < 1.01
        passed += certificate.passed
    assert passed >= 34


def test_what_has_not_forgotten_its_start_fails(wells):
    x = simulated(wells.target, PlainEuler(wells.target, 2e-4), 4000, 1000, 0.02, 0.002)
    certificate = certify(wells, x, "euler_maruyama", 1000)
    assert not certificate.passed
    assert certificate.errors["kink_density"].verdict.endswith("x floor")
    assert any("raise dataset.langevin.burn_in" in remedy for remedy in remedies(certificate))
    assert all("dataset.simulator=exact" in remedy for remedy in remedies(certificate))


def test_too_large_a_step_fails_by_its_energy_though_started_exactly(wells):
    start = wells.target.sample(1000, generator(1))
    coarse, fine = (
        certify(
            wells,
            simulated(wells.target, PlainEuler(wells.target, dt), 4000, 1000, 0.5, 0.2, start),
            "euler_maruyama",
            1000,
        )
        for dt in (4e-3, 4e-4)
    )
    assert not coarse.passed
    track = coarse.tracks["energy_per_site"]
    assert abs(track.deviation) > 4 and abs(track.bias_percent) > 4 * track.bias_percent_error
    assert any(remedy.startswith("lower dataset.langevin.dt") for remedy in remedies(coarse))
    # The bias is of first order in the step.
    assert abs(fine.tracks["energy_per_site"].bias_percent) < abs(track.bias_percent) / 3


def test_chains_that_do_not_mix_fail(wells):
    x = wells.target.sample(40, generator()).repeat(50, 1)
    certificate = certify(wells, x, "strang", 40)
    assert certificate.n_effective < 60
    findings = [failure.finding for failure in certificate.failures]
    assert any("2,000 samples are worth" in finding for finding in findings)
    assert any("R-hat of the " in finding for finding in findings)
    assert any(remedy.startswith("raise dataset.langevin.thin") for remedy in remedies(certificate))


def test_one_draw_a_chain_is_independent_draws(wells):
    x = wells.target.sample(1500, generator(3))
    certificate = certify(wells, x, "mala", 1500)
    assert certificate.n_effective == 1500
    assert {track.r_hat for track in certificate.tracks.values()} == {None}
    assert certificate.errors == certify(wells, x).errors


def test_each_error_has_the_size_of_what_governs_it(gaussian):
    x = simulated(gaussian.target, OrnsteinUhlenbeck(0.5), 8000, 50, 10.0, 0.5)
    certificate = certify(gaussian, x, "exact steps", 50)
    squared = certificate.tracks["leading_mode_squared"].effective_size
    assert certificate.sizes["cov_frobenius"] == int(squared) > certificate.n_effective
    assert certificate.sizes["mean_l2"] == certificate.n_effective
    law = gaussian.null_laws(certificate.n_effective)["mean_l2"]
    assert certificate.errors["mean_l2"].floor == law.floor
    # Sizes below those that share draws are rounded to few.
    few = certify(gaussian, x[:2000], "exact steps", 50)
    assert few.sizes["mean_l2"] in (256, 512) and few.n_effective < 1024


def test_marginals_of_many_rows_are_those_of_a_part(gaussian, monkeypatch):
    monkeypatch.setattr("truescore.simulate.certify.MARGINAL_ROWS", 2000)
    x = gaussian.target.sample(6000, generator(5))
    certificate = certify(gaussian, x)
    assert certificate.sizes["marginals_ks"] == 2000 and certificate.sizes["mean_l2"] == 6000
    assert certificate.passed


def test_spins_are_certified_too():
    """So cold that no kink is drawn: a quantity that never varies hides nothing and fails nothing.

    A ring has an even number of kinks, here none in 99.99% of all samples.
    """
    perfect = PerfectSamples(IsingRing(8, temperature=0.3))
    certificate = certify(perfect, perfect.target.sample(100, generator()))
    assert certificate.passed
    assert certificate.tracks["kink_density"].standard_error == 0
    assert certificate.tracks["kink_density"].deviation is None
    json.dumps(certificate.to_dict(), allow_nan=False)


def test_a_failure_is_a_line_and_all_of_it_is_plain(wells, caplog):
    certificate = certify(wells, 1.5 * wells.target.sample(2000, generator()), "strang", 500)
    with caplog.at_level(logging.WARNING):
        certificate.warn()
    assert len(caplog.records) == len(certificate.failures) > 0
    assert not any("\n" in record.message for record in caplog.records)
    plain = json.loads(json.dumps(certificate.to_dict(), allow_nan=False))
    assert plain["passed"] is False and plain["n"] == 2000 and plain["n_chains"] == 500
    assert plain["errors"]["cov_frobenius"]["n_effective"] > 0
    assert plain["quantities"]["bond_energy"]["bias_percent"] > 50
    assert plain["quantities"]["magnetisation"]["bias_percent"] is None
    assert all(set(failure) == {"finding", "remedy"} for failure in plain["failures"])
    stream = io.StringIO()
    Console(file=stream, width=100).print(certificate_table(certificate))
    text = stream.getvalue()
    assert "2,000 samples of GinzburgLandauChain, strang, 500 chains: FAILED" in text
    assert "covariance, Frobenius" in text and "R-hat" in text


def test_a_failure_of_exact_data_is_chance_or_a_law_at_fault(wells):
    certificate = certify(wells, 1.5 * wells.target.sample(2000, generator()))
    assert all("change the seed" in remedy for remedy in remedies(certificate))


@pytest.mark.slow
def test_strang_passes_where_euler_fails_with_twenty_times_the_gradients():
    """Local statistics of the chain of 64; both take one gradient a step, and start exactly."""
    law = GinzburgLandauChain(64)
    start = law.sample(4000, generator(2))

    def off(integrator):
        x = simulated(law, integrator, 40_000, 4000, 0.035, 0.0105, start, seed=1)
        certificate = certify(PerfectSamples(law), x, "langevin", 4000)
        energies = {certificate.tracks[name].label for name in ("bond_energy", "energy_per_site")}
        found = {f.finding.partition(" is off")[0] for f in certificate.failures}
        return energies & found

    assert not off(Strang(law, 7e-4))
    assert off(EulerMaruyama(law, 7e-4 / 20)) == {"bond energy", "energy per site"}
