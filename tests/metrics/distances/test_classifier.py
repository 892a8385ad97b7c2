import torch

from truescore.metrics.distances import ClassifierTest
from truescore.targets import GaussianMixture, IsingRing

from ..conftest import gaussian


def wells():
    """Four wells, and the Gaussian with their mean and covariance."""
    means = torch.tensor([[2.0, 0], [-2, 0], [0, 2], [0, -2]])
    law = GaussianMixture(torch.ones(4), means, 0.1 * torch.eye(2).expand(4, 2, 2))
    return law, GaussianMixture(torch.ones(1), law.mean()[None], law.covariance()[None])


def test_samples_of_one_law_are_sorted_by_chance(assert_mean, generator):
    """Labels say nothing, so every held-out guess is right with probability 1/2.

    Folds of equal size take nothing from it but the balance: what is trained on has one label less
    of a sample's own kind on average, of order 1/n.
    """
    law = gaussian(dim=2)
    test = ClassifierTest(law)
    x = law.sample(200 * 200, generator).double().reshape(200, 2, 100, 2)
    assert_mean(torch.tensor([test(a, b) for a, b in x]), 0.5, slack=0.01)


def test_laws_far_apart_are_told_without_error(generator):
    law = gaussian(dim=2)
    test = ClassifierTest(law)
    x = law.sample(200, generator).double()
    assert test(x + 20, law.sample(200, generator).double()) == 1.0


def test_the_best_accuracy_of_a_shift_is_nearly_reached(generator):
    """N(0, 1) against N(1, 1): at best Phi(1/2) = 0.6915. With 512 of each, +- 0.015."""
    law = gaussian(dim=1)
    test = ClassifierTest(law)
    x, y = law.sample(2 * 512, generator).double().split(512)
    assert 0.6 < test(x + 1, y) < 0.77


def test_the_right_moments_do_not_hide_a_wrong_law(generator):
    law, fit = wells()
    accuracy = ClassifierTest(law)(fit.sample(512, generator).double(), law.sample(512, generator))
    assert accuracy > 0.75


def test_spins_are_told_by_their_coupling(generator):
    ring = IsingRing(8)
    weak = IsingRing(8, coupling=0.3).sample(512, generator).double()
    assert ClassifierTest(ring)(weak, ring.sample(512, generator).double()) > 0.6
