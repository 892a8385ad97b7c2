from collections.abc import Callable
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

CONF = Path(__file__).resolve().parents[2] / "conf"


@pytest.fixture
def composed() -> Callable[..., DictConfig]:
    """`composed("+experiment=gl_d8", "seed=1")`: what Hydra hands to the job."""

    def composed(*overrides: str) -> DictConfig:
        with initialize_config_dir(str(CONF), version_base="1.3"):
            return compose("train", overrides=list(overrides))

    return composed
