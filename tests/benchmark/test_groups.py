"""Each group at a tiny size; the ways that are compared do the same thing."""

import re

import numpy as np
import pytest
import torch

from truescore.benchmark import (
    Row,
    Settings,
    Spread,
    Target,
    against_document,
    bare,
    gl_d64,
    limits,
    loops,
    oracle,
    peers,
    quick,
    sample,
    simulate,
    startup,
    time_to_floor,
    ways,
)
from truescore.benchmark.children import Ended, Failed, ended
from truescore.benchmark.time_to_floor import Finished
from truescore.denoisers import RealOracle
from truescore.processes import VariancePreserving
from truescore.samplers import DDIM, DPMSolver2M, Heun
from truescore.targets import GaussianMixture, GinzburgLandauChain, IsingRing

from .check import check

SETTINGS = Settings(("machine",))
# Of runs that are to be over at once.
SMALL = (
    "trainer.max_steps=2",
    "trainer.val_every_n_steps=2",
    "dataset.n_train=600",
    "dataset.n_val=100",
    "sampler.n_generate=50",
    "sampler.steps=3",
    "metrics.n_null=100",
    "metrics.n_bootstrap=100",
    "metrics.n_score=20",
    "metrics.n_levels=3",
)


def test_the_machine():
    check(limits.measure(SETTINGS, size=128, entries=2**18, rounds=2), "machine")
    assert limits.machine(SETTINGS)["threads"] == 1


def test_simulate():
    rows = simulate.measure(SETTINGS, dims=(16,), chains=20, sweeps=2, rounds=2, n_exact=50)
    cases = {row.case for row in check(rows, "simulate")}
    assert cases == {"Glauber, d = 16", "samples, d = 16", "Langevin, d = 8", "Langevin, d = 32"}


def test_the_documents_glauber_leaves_the_law_as_it_is(assert_mean):
    ring = IsingRing(4)
    generator = torch.Generator().manual_seed(0)
    x = ring.sample(20_000, generator)
    moved = simulate.document_glauber(ring, x, 12, generator)
    assert (moved != x).any()
    assert_mean(moved[:, 0] * moved[:, 1], ring.covariance()[0, 1])


def test_numpys_glauber_leaves_the_law_as_it_is(assert_mean):
    ring, random = IsingRing(4), np.random.default_rng(0)
    x = np.ones(4)
    draws = [simulate.numpy_glauber(x, 400, random).copy() for _ in range(2000)]
    pairs = torch.tensor(np.array(draws))
    assert_mean(pairs[:, 0] * pairs[:, 1], ring.covariance()[0, 1])


@pytest.mark.parametrize("dim", [2, 5])
def test_numpys_chain_is_pushed_by_the_gradient(dim):
    """The mean move over a step is dt times the force, but for the kicks of many equal chains."""
    law = GinzburgLandauChain(dim, simulate.GL_LAM, simulate.GL_TEMPERATURE)
    x = torch.linspace(-1, 2, dim, dtype=torch.float64).expand(2, -1)
    still = type("Still", (), {"standard_normal": staticmethod(np.zeros)})()
    moved = torch.from_numpy(simulate.numpy_langevin(x.numpy(), 1, still))
    expected = simulate.DT * law.temperature * law.score(x)
    torch.testing.assert_close(moved - x, expected, rtol=1e-9, atol=1e-12)


def test_exact_scores_of_rings():
    times = oracle.answers(SETTINGS, "ising_d64", "ring", {(4, 0.5): 5}, 1)
    rows = check(oracle.rates("ring", times, [(4, 0.5)]), "oracle")
    assert [row.unit for row in rows] == ["scores/s", "x"]


@pytest.mark.slow
def test_oracle():
    rows = check(oracle.measure(SETTINGS, (4, 8), (8, 16), (5, 5), rounds=1), "oracle")
    grown = {row.quantity: row.target for row in rows if row.quantity.startswith("time beside")}
    linear = Target(3.0, at_least=False)
    assert rows[-1].verdict == "not measured" and "d^3" in rows[-1].note
    assert grown == {"time beside d = 4": linear, "time beside d = 8": None}


@pytest.mark.parametrize(
    ("experiment", "case"),
    [("ising_d64", "leave_one_out_messages, d = 64"), ("gl_d8", "chain_net, d = 8")],
)
def test_lightnings_loop_stands_beside_a_bare_one(experiment, case):
    (row,) = check([loops.lightning(SETTINGS, experiment, 3, 2, batch=16)], "train_step")
    assert case in row.case
    adds = re.search(r"Lightning adds ([0-9.]+) ms to one that does nothing", row.note)
    assert adds and float(adds[1]) > 0


def test_ours_and_a_bare_loop_on_one_network():
    rows = check(sample.speeds(SETTINGS, 8, 5, 3, 1, ways.BARE), "sample")
    assert [row.quantity for row in rows] == [
        "DDIM against a bare loop",
        "Heun against a bare loop of Heun's rule",
    ]


@pytest.fixture
def gaussian():
    """The exact denoiser of one Gaussian in the plane, and points at t = T."""
    law = GaussianMixture(
        torch.ones(1), torch.zeros(1, 2), torch.tensor([[[1.0, 0.3], [0.3, 0.5]]])
    )
    return RealOracle(law, VariancePreserving()), torch.randn(
        50, 2, generator=torch.Generator().manual_seed(0)
    )


@pytest.mark.parametrize(
    ("library", "ours", "theirs"),
    [
        ("azula", DDIM, lambda: peers.azula("DDIMSampler")),
        ("diffusers", DPMSolver2M, lambda: peers.diffusers()),
    ],
)
def test_others_make_the_same_steps(library, ours, theirs, gaussian):
    """The same rule on the same network and times ends at the same points."""
    pytest.importorskip(library)
    denoiser, x = gaussian
    times = ways.times_of(denoiser, "log_snr", 20)
    ends = theirs()(denoiser, x, times)
    torch.testing.assert_close(ends, ways.own(ours)()(denoiser, x, times), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    ("library", "path"),
    [("azula", lambda: peers.azula("HeunSampler")), ("flow_matching", peers.flow_matching)],
)
def test_others_of_second_order_come_near_ours(library, path, gaussian):
    pytest.importorskip(library)
    denoiser, x = gaussian
    theirs = path()
    times = ways.times_of(denoiser, "log_snr", 200)
    fine = ways.own(Heun)()(denoiser, x, times)
    torch.testing.assert_close(theirs(denoiser, x, times), fine, rtol=5e-3, atol=5e-3)


def test_a_missing_library_is_a_line_of_the_table():
    def missing():
        return peers.library("no_such_library.of_samplers")

    ours = ways.Way("ours", "log_snr", ways.own(DDIM))
    pairs = ((ours, ways.Way("theirs", "log_snr", missing)),)
    (row,) = sample.speeds(SETTINGS, 8, 2, 2, 1, pairs)
    assert row.verdict == "not measured"
    assert row.note == "no_such_library is not installed: pip install -e '.[bench]'"


@pytest.mark.slow
def test_startup():
    rows = check(startup.measure(SETTINGS, runs=1), "startup")
    assert [row.quantity for row in rows] == ["least", "median"] * 3


@pytest.mark.slow
def test_a_process_that_ends_otherwise_is_told_with_its_last_line():
    with pytest.raises(Failed, match="seed=-1 ended with 2, not 0: seed: got -1"):
        ended(["+experiment=ising_d16", "seed=-1"], 0)


def fails(*asked, **named):
    raise Failed("no room")


def test_a_start_that_fails_is_a_line_and_the_others_are_measured(monkeypatch):
    endings = iter([lambda: fails(), lambda: Ended(1.2, 1.0, 50.0, 2, "got -1")])
    monkeypatch.setattr(startup, "ended", lambda *asked: next(endings)())
    monkeypatch.setattr(startup, "first_step", fails)
    first, least, median, last = startup.measure(SETTINGS, runs=1)
    assert (first.verdict, first.note, first.target) == ("not measured", "no room", startup.HELP)
    assert least.spread.median == median.spread.median == 1.2
    assert (last.verdict, last.note) == ("not measured", "no room")


FINISHED = Finished(
    Ended(80.0, 75.0, 700.0, 0, "done"),
    {"metrics": {"cov_frobenius": {"debiased": 0.3, "floor": 0.1}}, "seconds": {"train": 60.0}},
)


def test_a_run_that_fails_is_a_line_and_the_others_are_measured(monkeypatch):
    runs = iter([fails, lambda: FINISHED])
    monkeypatch.setattr(time_to_floor, "finished", lambda *asked: next(runs)())
    failed, *rows = time_to_floor.measure(SETTINGS, ("gl_d64", "ising_d64"))
    assert (failed.verdict, failed.note, failed.target.bound) == ("not measured", "no room", 600)
    assert [row.verdict for row in rows] == ["met", "missed", ""]
    assert "one run" in rows[1].note


def test_every_run_has_a_bound_of_its_error():
    assert set(time_to_floor.ERRORS) == {*time_to_floor.EXPERIMENTS, "gl_d64"}


@pytest.mark.slow
def test_time_to_floor():
    changes = ("dataset.dim=4", *SMALL)
    rows = list(time_to_floor.measure(SETTINGS, ("ising_d64",), changes))
    assert [row.unit for row in rows] == ["s", "", "MB"]
    assert [row.target is None for row in rows] == [False, False, True]
    assert rows[0].spread.median > 1 and rows[2].spread.median > 50


def test_the_long_run_stands_under_its_own_name(monkeypatch):
    monkeypatch.setattr(time_to_floor, "finished", lambda *asked: FINISHED)
    rows = list(gl_d64.measure(SETTINGS, ("seed=1",)))
    assert [(row.group, row.case, row.verdict) for row in rows] == [
        ("gl_d64", "gl_d64", verdict) for verdict in ("met", "missed", "met")
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("experiment", "dim"), [("ising_d16", 16), ("gl_d32", 8)])
def test_against_the_document(experiment, dim):
    changes = (f"dataset.dim={dim}", *SMALL)
    time, *errors = against_document.measure(SETTINGS, (experiment,), changes)
    assert time.unit == "s" and time.spread.median > 0
    late = "the document's at 3 x our time"
    assert [row.quantity for row in errors] == [
        f"{what}, {whose}"
        for whose in ("ours", late)
        for what in ("covariance F, debiased", "score error")
    ]
    assert all("steps in" in row.note for row in errors[2:])
    assert errors[1].spread.median > 0 and errors[3].spread.median > 0


def test_a_document_that_fails_is_a_line_and_the_others_are_measured(monkeypatch):
    monkeypatch.setattr(against_document, "our_run", fails)
    rows = list(against_document.measure(SETTINGS, ("ising_d16", "gl_d32")))
    assert [(row.case, row.verdict) for row in rows] == [
        ("ising_d16", "not measured"),
        ("gl_d32", "not measured"),
    ]


def test_half_as_fast_breaks_a_bound_of_quick_and_a_fifth_less_does_not():
    assert not quick.fast(10).met(5.0) and quick.fast(10).met(8.0)
    assert not quick.cheap(10).met(20.0) and quick.cheap(10).met(12.5)


@pytest.mark.slow
def test_quick():
    rows = check(quick.measure(SETTINGS), "quick")
    assert len(rows) == 16 and all(row.target is not None for row in rows)


@pytest.mark.parametrize(("kind", "loop"), [(DDIM, bare.ddim), (Heun, bare.heun)])
def test_a_bare_loop_ends_where_ours_does(kind, loop, gaussian):
    """DDIM is the same rule; Heun in whitened modes another of second order."""
    denoiser, x = gaussian
    times = ways.times_of(denoiser, "log_snr", 200)
    ours = ways.own(kind)()(denoiser, x, times)
    torch.testing.assert_close(loop(denoiser, x, times), ours, rtol=2e-3, atol=2e-3)


def test_a_bare_perceptron_learns():
    step = bare.mlp_step(0, 4, 50, "cpu")
    before = torch.get_rng_state()
    losses = [step() for _ in range(60)]
    assert losses[-1] < losses[0] / 2
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.slow
def test_starts_stand_beside_an_import():
    rows = check(startup.beside_torch(runs=1), "startup")
    assert [row.case for row in rows] == list(startup.CASES)


@pytest.mark.parametrize(
    ("ratios", "kept"), [([1.0, 3.0], 3.0), ([1.0, 1.5], 1.5), ([3.0, 1.0], 3.0)]
)
def test_a_miss_of_quick_is_measured_once_more_and_that_counts(monkeypatch, ratios, kept):
    measured = iter(ratios)

    def part(_):
        yield Row.ratio("quick", "flips", "ours", Spread.of([next(measured)]), Target(2.0))

    monkeypatch.setattr(quick, "PARTS", (part,))
    (row,) = quick.measure(SETTINGS)
    assert row.spread.median == kept


def test_quick_holds_rows_of_others_to_bounds_of_its_own():
    row = Row.ratio("sample", "a network", "ours against theirs", Spread(0.5, 0.5, 0.5, 3))
    held = quick.held(row, Target(0.6))
    assert (held.group, held.case, held.verdict) == ("quick", "sample, a network", "missed")
