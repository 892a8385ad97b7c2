"""Laws of one and two dimensions, judged from end to end with no network."""

import math

import pytest
import torch

from truescore.denoisers import oracle
from truescore.evaluation import evaluate
from truescore.figures import evaluation_figures, sample_figures, save_figures
from truescore.processes import SpinFlip, VariancePreserving
from truescore.targets import (
    FourWell,
    GinzburgLandauChain,
    GrayCode,
    IsingTorus,
    KernelMixture,
    SwissRoll,
)

SETTINGS = {"n_null": 200, "n_score": 50, "n_levels": 4, "n_bootstrap": 100}
OF_THE_PLANE = {"marginals", "score_field", "score_error_by_distance", "memory"}
OF_A_LAW = {1: {"density"}, 2: {"density"} | OF_THE_PLANE}


def draw(law, n, seed):
    return law.sample(n, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("law", [FourWell(), SwissRoll()], ids=["four wells", "Swiss roll"])
def test_exact_samples_are_at_the_floor_and_memory_and_gaussians_are_not(law, tmp_path):
    """A denoiser that answers with the training points is told from the law by its score."""
    process, data = VariancePreserving(), draw(law, 300, 1)
    memory = oracle(KernelMixture(data, 1e-4), process)
    found = evaluate(law, draw(law, 2000, 105), data, SETTINGS, process, memory)
    judged = {name: j for name, j in found.judgements.items() if name != "score_error"}
    assert {j.verdict for j in judged.values()} == {"at floor"}
    assert found.judgements["score_error"].value > 0.1
    for baseline in ("Gaussian fit", "two Gaussians"):
        assert found.baselines[baseline]["marginals_ks"].verdict != "at floor"
        assert math.isfinite(found.baselines[baseline]["score_error"].value)
    figures = evaluation_figures(law, found, "a law")
    assert set(figures) == OF_A_LAW[law.dim] | {"verdicts", "score_error", "summary"}
    if law.dim == 2:
        drawn = {patch.get_label() for patch in figures["marginals"].axes[0].patches}
        assert {"generated", "training data"} <= drawn
    save_figures(tmp_path, figures)
    assert {path.stem for path in tmp_path.iterdir()} == set(figures)
    assert (found.plane is None) == (law.dim == 1)


def test_the_exact_score_has_no_error():
    law, process = FourWell(), VariancePreserving()
    found = evaluate(
        law, draw(law, 100, 2), draw(law, 100, 3), SETTINGS, process, oracle(law, process)
    )
    assert found.judgements["score_error"].value == 0


def test_codes_are_judged_by_samples_alone(tmp_path):
    """No fits, no eigenmodes, no score error: neither has an exact value to stand beside."""
    law, process = GrayCode("moons"), SpinFlip(32)
    settings = SETTINGS | {"distances": ["hamming_mmd"]}
    uniform = 2.0 * torch.randint(2, (500, 32), generator=torch.Generator().manual_seed(8)) - 1
    found = evaluate(law, uniform, draw(law, 1000, 7), settings, process, oracle(law, process))
    assert set(found.judgements) == {"hamming_mmd"}
    assert found.judgements["hamming_mmd"].verdict != "at floor"
    assert set(found.baselines) == {"training data"}
    assert found.baselines["training data"]["hamming_mmd"].verdict == "at floor"
    assert found.eigenmodes is None and found.curve is None
    figures = evaluation_figures(law, found, "codes")
    assert set(figures) == {"samples", "plane", "verdicts"}
    save_figures(tmp_path, figures)


def test_a_torus_without_a_posterior_has_no_score_error():
    law = IsingTorus(6, 7)
    process = SpinFlip(law.dim)
    settings = SETTINGS | {"n_null": 100}
    found = evaluate(
        law, draw(law, 200, 9), draw(law, 300, 10), settings, process, oracle(law, process)
    )
    assert found.curve is None and "score_error" not in found.judgements
    assert found.judgements["energy_per_site"].verdict == "at floor"
    assert {"two_point", "eigenmodes"} <= set(evaluation_figures(law, found, "a torus"))


def test_a_chain_keeps_its_figures():
    law = GinzburgLandauChain(4)
    assert set(sample_figures(law, draw(law, 50, 4))) == {
        "samples",
        "marginals",
        "mean",
        "covariance",
        "neighbours",
    }


def test_training_data_stand_over_the_floor_of_their_own_number():
    """Ten times the samples with a tenth of the squared error are no better than perfect ones."""
    law = GinzburgLandauChain(4)
    found = evaluate(law, draw(law, 300, 4), draw(law, 3000, 5), SETTINGS)
    dots = evaluation_figures(law, found, "a law")["verdicts"].axes[0]
    (markers,) = [line for line in dots.get_lines() if line.get_label() == "training data"]
    judged = found.baselines["training data"]
    null_laws = found.perfect.null_laws(3000)
    names = [name for name in found.judgements if name in null_laws]
    expected = [judged[name].value / null_laws[name].floor for name in names]
    left = dots.get_xlim()[0]
    for shown, ratio in zip(markers.get_xdata(), expected, strict=True):
        assert shown == pytest.approx(max(ratio, 1.05 * left), rel=1e-6)
