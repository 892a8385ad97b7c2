"""Steps of training: every network there is, at sizes that fit."""

import pytest

from truescore.benchmark import Settings, Target, train_step
from truescore.benchmark.children import ROOT

from .check import check

SETTINGS = Settings(("train_step",))


@pytest.mark.parametrize("net", ["leave_one_out_messages", "rot_conv_film"])
def test_a_network_of_spins(net):
    (row,) = check([train_step.step_rate(SETTINGS, "ising_d64", net, 8, 4, 1)], "train_step")
    assert row.case == f"{net}, d = 8, batch 4" and "MB at most" in row.note


def test_a_network_of_reals():
    check([train_step.step_rate(SETTINGS, "gl_d64", "mlp", 8, 4, 1)], "train_step")


@pytest.mark.parametrize(("dim", "batch"), [(1024, 64), (256, 256)])
def test_the_longest_laws_of_the_documents_network_are_left_out_too(dim, batch):
    """Their steps hold many GB."""
    row = train_step.step_rate(SETTINGS, "ising_d64", "rot_conv_film", dim, batch, 1)
    assert row.spread is None and row.note == f"left out: {dim} passes a step of {batch} samples"


def test_what_would_take_too_long_is_left_out_in_words():
    row = train_step.step_rate(SETTINGS, "ising_d64", "rot_conv_film", 1024, 4096, 1)
    assert row.spread is None and "1024 passes a step of 4096 samples" in row.note


@pytest.mark.slow
def test_a_pass_for_every_site_is_slower():
    row = train_step.against_document(SETTINGS, 32, 32, Target(1))
    assert row.spread.median > 1 and row.verdict == "met"


def test_a_longer_ring_is_held_to_the_cost_of_a_site():
    (row,) = check(train_step.per_site(SETTINGS, (8, 16), 64, rounds=2), "train_step")
    assert row.quantity == "a site's cost beside d = 8"


def test_sizes_are_a_cross_and_long_laws_have_smaller_batches():
    sizes = train_step.sizes((1, 2, 3, 2**12), (10, 20, 30))
    assert sizes == [(1, 20), (2, 10), (2, 20), (2, 30), (3, 20), (2**12, 16)]


def test_every_network_there_is_has_its_rows():
    there_are = {file.stem for file in (ROOT / "conf" / "model").glob("*.yaml")}
    assert {net for nets in train_step.NETS.values() for net in nets} == there_are


@pytest.mark.parametrize(
    ("experiment", "net"),
    [("ising_torus_8x8", "leave_one_out_2d"), ("ising_torus_couplings", "couplings"),
     ("ising_d64", "masked_mlp")],
)  # fmt: skip
def test_networks_of_lattices_and_of_masks(experiment, net):
    (row,) = check([train_step.step_rate(SETTINGS, experiment, net, 16, 4, 1)], "train_step")
    assert row.spread is not None and row.case == f"{net}, d = 16, batch 4"


def test_a_long_chain_trains_on_walks_that_come_back(monkeypatch):
    monkeypatch.setattr(train_step, "LONGEST_CHAIN", 8)
    step = train_step.TrainStep("gl_d64", "chain_net", 10, 4, SETTINGS)
    assert step.x_0.shape == (4, 10) and (step.x_0[:, -1] == 0).all() and (step.x_0 != 0).any()


def test_chain_net_stands_beside_a_perceptron():
    row = train_step.against_bare(SETTINGS, 8, 16, rounds=2)
    check([row], "train_step")
    assert row.quantity == "chain_net against a bare perceptron, 4 layers of 256"
