"""Training points are gathered where training is."""

import pytest
import torch

from truescore.training.data import Rows
from truescore.training.order import StepOrder


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_is_served_the_same_rows():
    data = torch.randn(100, 3)
    orders = (StepOrder(100, 30, 7, 0), StepOrder(100, 30, 7, 0, "cuda"))
    served = [[Rows(data.to(order.device))[index] for index in order] for order in orders]
    assert all(batch.is_cuda for batch in served[1])
    assert all(torch.equal(a, b.cpu()) for a, b in zip(*served, strict=True))


def test_indices_lie_with_the_data():
    """On torch's device without memory, as there may be no other."""
    assert all(index.is_meta for index in StepOrder(100, 30, 7, 0, "meta"))


def test_a_batch_larger_than_the_data_is_of_whole_passes():
    """Of 1,000 from 400 each point comes twice or three times; a resumed epoch is the same."""
    order = StepOrder(400, 1000, 3, 0)
    order.set_epoch(1)
    batches = list(order)
    for batch in batches:
        assert len(batch) == 1000
        assert set(batch.bincount(minlength=400).tolist()) == {2, 3}
    assert not torch.equal(batches[0], batches[1])
    assert all(torch.equal(a, b) for a, b in zip(order, batches, strict=True))
    whole = list(StepOrder(400, 400, 2, 0))
    assert all(batch.sort().values.tolist() == list(range(400)) for batch in whole)
