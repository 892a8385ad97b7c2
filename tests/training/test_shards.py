"""Rows and noise of several processes are together those of one."""

import pytest
import torch

from truescore.build import build_denoiser, build_loss, build_process, build_target
from truescore.errors import UserError
from truescore.training.order import PairOrder, StepOrder
from truescore.training.shards import ShardedOrder, WholeBatchDraws, own_rows

from .conftest import small_config

N = 12


def together(parts):
    """The whole batch from the rows of each rank."""
    return torch.stack(parts, 1).flatten(0, 1)


@pytest.mark.parametrize("n_ranks", [2, 3])
def test_the_ranks_share_every_batch_and_its_layers(n_ranks):
    for make in (lambda: StepOrder(40, N, 3, 0), lambda: PairOrder(StepOrder(40, N, 3, 0), 5)):
        orders = [ShardedOrder(make(), rank, n_ranks) for rank in range(n_ranks)]
        for order in (whole := make(), *orders):
            order.set_epoch(2)
        assert [len(order) for order in orders] == [3] * n_ranks
        for batch, *parts in zip(whole, *orders, strict=True):
            columns = [batch] if isinstance(batch, torch.Tensor) else batch
            shares = [[p] if isinstance(p, torch.Tensor) else p for p in parts]
            for column, share in zip(columns, zip(*shares, strict=True), strict=True):
                assert torch.equal(together(share), column)


@pytest.mark.parametrize(
    "draw",
    [
        lambda n, g: torch.rand(n, generator=g),
        lambda n, g: torch.rand(n, 3, dtype=torch.float64, generator=g),
        lambda n, g: torch.randn((n, 3), generator=g),
        lambda n, g: torch.randn(size=(n, 3), generator=g),
        lambda n, g: torch.randint(2, (n, 3), generator=g),
        lambda n, g: torch.randint(1, 5, (n,), generator=g),
        lambda n, g: torch.randint(5, size=(n,), generator=g),
    ],
)
def test_every_rank_draws_its_rows_of_what_one_would(draw, n_ranks=3):
    whole = draw(N, torch.Generator().manual_seed(1))
    parts = []
    for rank in range(n_ranks):
        generator = torch.Generator().manual_seed(1)
        with WholeBatchDraws(generator, N // n_ranks, rank, n_ranks):
            parts.append(draw(N // n_ranks, generator))
    assert torch.equal(together(parts), whole)


@pytest.mark.parametrize(
    "draw",
    [
        lambda g: torch.rand(5, 4, generator=g),
        lambda g: torch.empty(4).exponential_(generator=g),
        lambda g: torch.randperm(4, generator=g),
        lambda g: torch.bernoulli(torch.full((4,), 0.5), generator=g),
    ],
)
def test_draws_that_cannot_be_shared_are_refused(draw):
    generator = torch.Generator().manual_seed(1)
    with pytest.raises(UserError, match="use trainer=default"):
        with WholeBatchDraws(generator, 4, 0, 2):
            draw(generator)


def test_other_generators_are_left_alone():
    other = torch.Generator().manual_seed(2)
    with WholeBatchDraws(torch.Generator(), 4, 1, 2):
        drawn = torch.rand(5, generator=other)
    assert torch.equal(drawn, torch.rand(5, generator=torch.Generator().manual_seed(2)))


@pytest.mark.parametrize(
    ("experiment", "overrides"),
    [
        ("ising_d16", []),
        *(
            ("ising_d16", [f"loss={loss}"])
            for loss in ("score_entropy", "clean_cross_entropy", "concrete_score", "elbo")
        ),
        ("ising_d16", ["sde=absorbing", "loss=any_order", "sampler=unmasking"]),
        ("potts_d32", []),
        ("gl_d8", []),
        ("gl_d8", ["loss=implicit"]),
        ("swiss_roll", []),
        ("swiss_roll_fixed_sigma", []),
    ],
)
def test_the_losses_of_all_ranks_are_those_of_one(experiment, overrides, n_ranks=2):
    """Of every kind of loss that draws in its own way, sample by sample."""
    config = small_config(experiment, *overrides)
    target = build_target(config)
    process = build_process(config, target.dim, target.n_states)
    data = target.sample(200, torch.Generator().manual_seed(0)).float()
    denoiser = build_denoiser(config, target.dim, process, data=None, n_components=1)
    loss = build_loss(config)

    def start():
        generator = torch.Generator().manual_seed(3)
        return generator, loss.sample_times(denoiser, N, generator)

    generator, t = start()
    whole = loss(denoiser, data[:N], t, generator)
    parts = []
    for rank in range(n_ranks):
        generator, t = start()
        with WholeBatchDraws(generator, N // n_ranks, rank, n_ranks):
            rows = own_rows(data[:N], rank, n_ranks)
            parts.append(loss(denoiser, rows, own_rows(t, rank, n_ranks), generator))
    torch.testing.assert_close(together(parts), whole, rtol=1e-4, atol=1e-5)
