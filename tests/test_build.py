"""From the section of a model to its denoiser."""

import pytest
import torch

from truescore.build import build_denoiser
from truescore.denoisers import LearnedRealDenoiser, PredictionDenoiser
from truescore.errors import UserError
from truescore.processes import VariancePreserving

NET = {"_target_": "truescore.nets.MLP", "width": 4, "depth": 1}
DATA = torch.randn(200, 3, generator=torch.Generator().manual_seed(1)) * torch.tensor([1.0, 2, 4])


def built(data=DATA, **keys):
    model = {"name": "mine", "state_space": "real", "net": NET} | keys
    return build_denoiser({"model": model, "seed": 0}, 3, VariancePreserving(), data)


def test_a_prediction_or_a_skip_decides_the_denoiser():
    denoiser = built(prediction="v")
    assert isinstance(denoiser, PredictionDenoiser) and denoiser.prediction == "v"
    assert isinstance(built(skip="wiener"), LearnedRealDenoiser)


@pytest.mark.parametrize("key", [{"prediction": "x_0"}, {"skip": "none"}])
def test_the_second_moments_are_the_datas(key):
    denoiser, placeholder = built(**key), built(data=None, **key)
    measured = denoiser.basis * denoiser.spectrum @ denoiser.basis.mT
    torch.testing.assert_close(measured, DATA.mT @ DATA / 200, atol=1e-4, rtol=0)
    placeholder.load_state_dict(denoiser.state_dict())
    assert torch.equal(placeholder.spectrum, denoiser.spectrum)


@pytest.mark.parametrize(
    ("keys", "found"), [({}, "neither"), ({"skip": "none", "prediction": "v"}, "both")]
)
def test_a_model_has_one_of_the_two(keys, found):
    with pytest.raises(UserError, match=f"got model=mine with {found} of model.skip"):
        built(**keys)


def test_too_few_data_to_measure_a_scale_are_refused():
    with pytest.raises(UserError, match="got dataset.n_train=3 for 3 sites"):
        built(data=DATA[:3], prediction="v")
