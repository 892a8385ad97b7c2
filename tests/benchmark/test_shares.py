"""What is counted, on calls whose work is known."""

import pytest
import torch

from truescore.benchmark import Settings, shares

SETTINGS = Settings(("shares",))


def test_a_matrix_product_is_counted():
    a, b = torch.ones(10, 20), torch.ones(20, 30)
    flops, traffic = shares.counted(lambda: a @ b)
    assert flops == 2 * 10 * 20 * 30
    assert traffic == 4 * (10 * 20 + 20 * 30 + 10 * 30)


def test_views_move_nothing_and_an_expanded_tensor_counts_once():
    a = torch.ones(100)
    assert shares.counted(lambda: a.view(10, 10).mT) == (0, 0)
    _, traffic = shares.counted(lambda: a[:1].expand(50).clone())
    assert traffic <= 4 * (100 + 50)


def test_a_backward_pass_is_counted_too():
    a = torch.ones(10, 10, requires_grad=True)
    flops, _ = shares.counted(lambda: (a @ torch.ones(10, 10)).sum().backward())
    assert flops == 2 * 2 * 1000


@pytest.mark.parametrize("quantity", [shares.OF_ARITHMETIC, shares.OF_MEMORY])
def test_the_limit_itself_has_a_share_of_about_one(quantity):
    if quantity == shares.OF_ARITHMETIC:
        a = torch.ones(1024, 1024)
        call = lambda: a @ a  # noqa: E731
    else:
        a, b = torch.zeros(2**24), torch.zeros(2**24)
        call = lambda: b.add_(a)  # noqa: E731 - reads two, writes one
    rows = {row.quantity: row for row in shares.shares("it", call, SETTINGS, 5)}
    assert 0.5 < rows[quantity].spread.median < 2


@pytest.mark.slow
def test_every_share_is_positive():
    rows = list(shares.measure(SETTINGS, batch=4, n=4, rounds=1))
    assert len(rows) == 12 and all(row.spread.median >= 0 for row in rows)
