"""The gradient made by hand is that of the recurrence as it is written."""

import pytest
import torch
from torch.autograd import gradcheck

from truescore.nets.passing import OfSpins, OfStates, pass_messages

STEPS, POINTS = 7, 5
PHI = {
    "spins": (OfSpins(), lambda z, k: torch.atanh(k * z.tanh())),
    "states": (OfStates(), lambda z, k: torch.log1p(k * z.softmax(0))),
}
rules = pytest.mark.parametrize("name", PHI)
firsts = pytest.mark.parametrize("first", [0, 3, STEPS - 1])


def inputs(width):
    generator = torch.Generator().manual_seed(0)
    seen = torch.randn(width, STEPS, POINTS, generator=generator, dtype=torch.float64)
    weight = torch.randn(width, width, generator=generator, dtype=torch.float64)
    k = torch.linspace(-0.6, 0.8, width, dtype=torch.float64)[:, None]
    return [each.requires_grad_() for each in (seen, weight, k)]


def as_written(phi, seen, weight, k, first):
    messages = [phi(seen[:, 0], k)]
    for seen_now in seen.unbind(1)[1:]:
        messages.append(phi(seen_now + weight @ messages[-1], k))
    return torch.stack(messages[first:], 1)


@firsts
@pytest.mark.parametrize("width", [1, 3])
@rules
def test_messages_and_gradients_are_those_of_the_recurrence(name, width, first):
    rule, phi = PHI[name]
    arguments = inputs(width)
    ours = pass_messages(*arguments, first, rule)
    plain = as_written(phi, *arguments, first)
    assert ours.shape == (width, STEPS - first, POINTS)
    torch.testing.assert_close(ours, plain, rtol=1e-13, atol=1e-13)
    weights = torch.randn(ours.shape, dtype=torch.float64)
    gradients = (torch.autograd.grad((m * weights).sum(), arguments) for m in (ours, plain))
    for by_hand, by_autograd in zip(*gradients, strict=True):
        torch.testing.assert_close(by_hand, by_autograd, rtol=1e-11, atol=1e-11)


@rules
def test_gradients_are_finite_differences(name):
    rule, _ = PHI[name]
    assert gradcheck(lambda *a: pass_messages(*a, 2, rule), inputs(2))
