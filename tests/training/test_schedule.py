"""How fast weights move: the framework's schedule, and the plain Adam of an earlier study."""

import pytest
import torch

from truescore.training.run import prepare

from .conftest import small_config


def optimiser(experiment):
    module, _, _ = prepare(small_config(experiment))
    configured = module.configure_optimizers()
    return module, configured["optimizer"], configured["lr_scheduler"]["scheduler"]


@pytest.mark.parametrize("experiment", ["ising_document_d16", "ising_document_d16_as_written"])
def test_the_documents_recipe_is_plain_adam(experiment):
    """The same gradients move weights as torch's Adam at 1e-3 does, at every step alike."""
    module, ours, schedule = optimiser(experiment)
    weights = list(module.parameters())
    copies = [torch.nn.Parameter(w.detach().clone()) for w in weights]
    adam = torch.optim.Adam(copies, lr=1e-3)
    generator = torch.Generator().manual_seed(0)
    for _ in range(8):
        for weight, copy in zip(weights, copies, strict=True):
            weight.grad = copy.grad = torch.randn(weight.shape, generator=generator)
        ours.step()
        adam.step()
        schedule.step()
    torch.testing.assert_close(weights, copies, rtol=1e-6, atol=1e-9)


def test_other_models_warm_up_and_follow_a_cosine_to_zero():
    module, ours, schedule = optimiser("ising_d16")
    assert ours.defaults["betas"] == (0.9, 0.99)
    module.max_steps = 100
    _, schedule = module.configure_optimizers().values()
    factor = schedule["scheduler"].lr_lambdas[0]
    assert [factor(step) for step in (0, 4, 5)] == pytest.approx([0.2, 1, 1])
    assert [factor(step) for step in (52, 100)] == pytest.approx([0.5, 0], abs=0.02)
