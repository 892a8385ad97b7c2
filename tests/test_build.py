"""From the section of a model to its denoiser."""

from pathlib import Path

import pytest
import torch
import yaml

from truescore.build import build, build_denoiser, build_process
from truescore.denoisers import LearnedRealDenoiser, PredictionDenoiser
from truescore.errors import UserError
from truescore.processes import VariancePreserving
from truescore.targets import SwissRoll

CONF = Path(__file__).resolve().parents[1] / "conf"

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


def test_the_mean_is_the_datas_unless_the_network_is_odd():
    data = DATA + torch.tensor([1.0, 0.0, 3.0])
    torch.testing.assert_close(built(data, prediction="v").mean, data.mean(0))
    chain = {"_target_": "truescore.nets.DilatedChainNet", "channels": 2, "depth": 1, "n_modes": 1}
    mirrored = built(data, skip="wiener", net=chain | {"odd": False, "reflection": True}).mean
    torch.testing.assert_close(mirrored, (data.mean(0) + data.mean(0).flip(0)) / 2)
    odd = built(data, skip="wiener", net=chain | {"odd": True, "reflection": False})
    assert torch.equal(odd.mean, torch.zeros(3))


@pytest.mark.parametrize("name", ["ve", "edm"])
def test_the_largest_noise_is_chosen_from_the_laws_second_moment(name):
    section = yaml.safe_load((CONF / "sde" / f"{name}.yaml").read_text())
    law = {"_target_": "truescore.targets.SwissRoll", "name": "swiss_roll", "n_train": 10}
    config = {"dataset": law, "sde": section | {"sigma_max": None, "tolerance": 0.05}}
    process, roll = build_process(config, 2), SwissRoll()
    second_moment = float(roll.covariance().trace() + roll.mean().square().sum())
    sigma = process.sigma(torch.tensor(process.horizon, dtype=torch.float64))
    assert float(sigma) == pytest.approx((second_moment / 0.1) ** 0.5)


@pytest.mark.parametrize(
    ("keys", "found"), [({}, "neither"), ({"skip": "none", "prediction": "v"}, "both")]
)
def test_a_model_has_one_of_the_two(keys, found):
    with pytest.raises(UserError, match=f"got model=mine with {found} of model.skip"):
        built(**keys)


def test_too_few_data_to_measure_a_scale_are_refused():
    with pytest.raises(UserError, match="got dataset.n_train=3 for 3 sites"):
        built(data=DATA[:3], prediction="v")


class Picky:
    """Refuses what it is given, each time in another way."""

    def __init__(self, width, how="value"):
        if how == "user":
            raise UserError("got width=0, expected more: raise it")
        if how == "value":
            raise ValueError("width must be\n positive")
        self.width = width < 1


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({"width": 0}, r"Picky with width=0, which fails \(ValueError: width must be positive;"),
        ({"width": "a", "how": "type"}, r"width=a, how=type, which fails \(TypeError: '<' not"),
        ({"how": "user", "width": 0}, "^got width=0, expected more: raise it$"),
        ({"depth": 1}, "with keys depth: missing a required argument: 'width'; make the keys"),
    ],
)
def test_whatever_a_constructor_finds_wrong_is_one_line(keys, line, monkeypatch):
    monkeypatch.setattr("truescore.nets.Picky", Picky, raising=False)
    with pytest.raises(UserError, match=line) as caught:
        build({"_target_": "truescore.nets.Picky"} | keys)
    assert "\n" not in str(caught.value)
