import pytest
import torch
from safetensors.torch import save_file

from truescore.metrics import PerfectSamples, null_cache

from .conftest import gaussian, spins


@pytest.fixture
def draws_of(monkeypatch):
    """Null laws from a fresh process's point of view, and how many samples they cost."""

    def run(law, n=30, **kwargs):
        monkeypatch.setattr(null_cache, "_memory", {})
        perfect = PerfectSamples(law, n_null=100, **kwargs)
        drawn = []
        sample = law.sample
        monkeypatch.setattr(law, "sample", lambda n, g: drawn.append(n) or sample(n, g))
        laws = perfect.null_laws(n)
        monkeypatch.setattr(law, "sample", sample)
        return {name: null.draws for name, null in laws.items()}, sum(drawn)

    return run


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_round_trip(draws_of, cache):
    first, cost = draws_of(gaussian())
    assert cost == 3000
    again, cost = draws_of(gaussian())
    assert cost == 0
    assert same(first, again)
    assert [path.suffix for path in cache.iterdir()] == [".safetensors"]


def test_memory_serves_without_a_disk(monkeypatch, tmp_path, caplog):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setenv("TRUESCORE_CACHE", str(blocked))
    law = gaussian()
    first = PerfectSamples(law, n_null=100).null_laws(30)
    assert "set TRUESCORE_CACHE" in caplog.text
    monkeypatch.setattr(law, "sample", None)
    again = PerfectSamples(law, n_null=100).null_laws(30)
    assert torch.equal(first["mean_l2"].draws, again["mean_l2"].draws)


@pytest.mark.parametrize("damage", ["truncated", "empty", "garbage", "wrong shape", "nan"])
def test_damaged_file_is_drawn_again(draws_of, cache, damage, caplog):
    first, _ = draws_of(gaussian())
    (path,) = cache.iterdir()
    whole = path.read_bytes()
    if damage == "truncated":
        path.write_bytes(whole[:-100])
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "garbage":
        path.write_bytes(b"x" * 500)
    elif damage == "wrong shape":
        save_file({name: x[:50].clone() for name, x in first.items()}, path)
    else:
        save_file({name: x * torch.nan for name, x in first.items()}, path)
    again, cost = draws_of(gaussian())
    assert cost == 3000
    assert same(first, again)
    assert "drawing again" in caplog.text
    assert path.read_bytes() == whole


def test_what_changes_the_draws_changes_the_key(draws_of):
    draws_of(gaussian())
    for law, kwargs in [
        (gaussian(shift=0.1), {}),
        (gaussian(scale=1.1), {}),
        (gaussian(dim=4), {}),
        (spins(), {}),
        (gaussian(), {"seed": 1}),
        (gaussian(), {"n": 31}),
    ]:
        assert draws_of(law, **kwargs)[1] > 0


def test_large_sets_share_their_draws(draws_of):
    draws_of(gaussian(), n=2000)
    assert draws_of(gaussian(), n=50_000)[1] == 0


def test_default_folder_is_in_the_home(monkeypatch, tmp_path):
    monkeypatch.delenv("TRUESCORE_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert null_cache.folder() == tmp_path / ".cache" / "truescore"
