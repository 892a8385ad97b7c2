import pytest
import torch

from truescore.metrics import null_cache
from truescore.targets import GaussianMixture, IndependentSpins, IsingRing


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache of null draws, and nothing left over from other tests."""
    monkeypatch.setenv("TRUESCORE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(null_cache, "_memory", {})
    return tmp_path / "cache"


@pytest.fixture(autouse=True)
def one_thread():
    """Many small operations: threads would only wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(20)


def gaussian(dim=5, scale=1.0, shift=0.0):
    """N(shift, scale 0.8^|i-j|)."""
    index = torch.arange(dim, dtype=torch.float64)
    covariance = scale * 0.8 ** (index[:, None] - index).abs()
    return GaussianMixture(torch.ones(1), torch.full((1, dim), shift), covariance[None])


def spins(shift=0.0):
    return IndependentSpins(torch.tensor([-0.6, -0.1, 0.0, 0.3, 0.8], dtype=torch.float64) + shift)


LAWS = {"gaussian": gaussian, "spins": spins, "ring": lambda: IsingRing(8)}


@pytest.fixture(params=list(LAWS))
def law(request):
    return LAWS[request.param]()
