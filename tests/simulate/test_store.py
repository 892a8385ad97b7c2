"""Data are made once, are what their name says, and survive what happens to files."""

import multiprocessing
import os
import resource
import signal
import sys
import time

import numpy as np
import pytest
import torch

from truescore.errors import UserError
from truescore.simulate import store
from truescore.targets import GinzburgLandauChain, NearestNeighbourChain

N, DIM = 1000, 4
SETTINGS = {"integrator": "strang", "dt": 1e-3, "n_chains": 10, "burn_in": 1.0, "thin": 0.5}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TRUESCORE_CACHE", str(tmp_path))
    return tmp_path


def data():
    return torch.randn(N, DIM, generator=torch.Generator().manual_seed(0))


class Maker:
    """Gives the data in blocks, and counts how often it is asked."""

    def __init__(self):
        self.calls = 0

    def __call__(self):
        self.calls += 1
        return iter(data().split(300))


def test_data_are_made_once_and_mapped():
    maker = Maker()
    first, second = (store.dataset("x", N, DIM, maker) for _ in range(2))
    assert maker.calls == 1
    assert first.dtype == np.float32 and isinstance(first, np.memmap)
    assert torch.equal(torch.from_numpy(second), data())
    assert np.array_equal(np.load(store.folder() / "x.npy"), data().numpy())


def test_what_is_written_to_memory_stays_out_of_the_file():
    maker = Maker()
    torch.from_numpy(store.dataset("x", N, DIM, maker)).zero_()
    assert torch.equal(torch.from_numpy(store.dataset("x", N, DIM, maker)), data())
    assert maker.calls == 1


@pytest.mark.parametrize("damage", ["flip", "cut", "missing", "record", "no record", "other size"])
def test_what_is_damaged_is_made_again(damage, caplog):
    maker = Maker()
    store.dataset("x", N, DIM, maker)
    file, record = store.folder() / "x.npy", store.folder() / "x.json"
    content = bytearray(file.read_bytes())
    if damage == "flip":
        content[-1] ^= 1
        file.write_bytes(content)
    elif damage == "cut":
        file.write_bytes(content[:-100])
    elif damage == "missing":
        file.unlink()
    elif damage == "record":
        record.write_text("{")
    elif damage == "no record":
        record.unlink()
    else:
        record.write_text(record.read_text().replace(str(N), str(N + 1)))
    assert torch.equal(torch.from_numpy(store.dataset("x", N, DIM, maker)), data())
    assert maker.calls == 2
    assert ("simulating again" in caplog.text) == (damage != "no record")


def test_an_interrupted_write_leaves_nothing_that_is_taken_for_data():
    def failing():
        yield data()[:300]
        raise UserError("diverged")

    with pytest.raises(UserError, match="diverged"):
        store.dataset("x", N, DIM, failing)
    assert not (store.folder() / "x.npy").exists()
    maker = Maker()
    assert torch.equal(torch.from_numpy(store.dataset("x", N, DIM, maker)), data())
    assert not list(store.folder().glob("*.partial"))


def _slow_blocks(log, pause):
    with open(log, "a") as stream:
        stream.write("made\n")
    for block in data().split(100):
        time.sleep(pause)
        yield block


def _fetch(cache, log, pause, answers):
    os.environ["TRUESCORE_CACHE"] = cache
    found = store.dataset("x", N, DIM, lambda: _slow_blocks(log, pause))
    answers.put(bool((found == data().numpy()).all()))


@pytest.fixture
def process(cache):
    """Start a process that wants the data; its file notes each time they are made."""
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    started = []

    def start(pause):
        arguments = (str(cache), str(cache / "log"), pause, answers)
        started.append(context.Process(target=_fetch, args=arguments))
        started[-1].start()
        return started[-1]

    yield start, answers
    for one in started:
        one.join(30)


def wait_for(file):
    deadline = time.monotonic() + 60
    while not file.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert file.exists()


def test_of_two_processes_one_makes_the_data(process, cache):
    start, answers = process
    start(0.1), start(0.1)
    assert answers.get(timeout=240) and answers.get(timeout=240)
    assert (cache / "log").read_text() == "made\n"


def test_a_killed_process_blocks_nobody(process, cache):
    start, _ = process
    first = start(30.0)
    wait_for(cache / "log")
    assert (store.folder() / "x.partial").exists()
    os.kill(first.pid, signal.SIGKILL)
    first.join(30)
    maker = Maker()
    assert torch.equal(torch.from_numpy(store.dataset("x", N, DIM, maker)), data())
    assert maker.calls == 1 and not list(store.folder().glob("*.partial"))


def test_making_data_takes_the_memory_of_a_block():
    """128 MB of data in blocks of 0.5 MB: 32 MB at most, checksum included."""
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    one = context.Process(target=_memory, args=(answers,))
    one.start()
    assert answers.get(timeout=240) < 32 * 2**20
    one.join(30)


def _memory(answers):
    n, dim = 2**18, 128
    unit = 2**10 if sys.platform == "linux" else 1

    def blocks():
        for _ in range(n // 1024):
            yield torch.ones(1024, dim)

    store.dataset("small", 1024, dim, lambda: [torch.ones(1024, dim)])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    store.dataset("large", n, dim, blocks)
    answers.put(unit * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before))


def test_the_key_changes_with_anything_that_decides_the_data():
    def key(law=None, n=N, seed=0, purpose="training data", **changed):
        return store.key(law or GinzburgLandauChain(4), SETTINGS | changed, n, seed, purpose)

    def chain(strength):
        class Chain(NearestNeighbourChain):
            def parameters(self):
                return {}

        return Chain(4, lambda x, _: x**4 * strength, lambda x, y, _: 0 * x * y, interval=(-3, 3))

    others = [
        key(law=GinzburgLandauChain(4, lam=0.04)),
        key(law=GinzburgLandauChain(4, temperature=7.0)),
        key(law=GinzburgLandauChain(5)),
        key(n=N + 1),
        key(seed=1),
        key(purpose="validation data"),
        key(integrator="mala"),
        key(dt=2e-3),
        key(n_chains=11),
        key(burn_in=2.0),
        key(thin=0.6),
        # Of one class and with the same parameters, but another density.
        key(law=chain(1.0)),
        key(law=chain(1.1)),
    ]
    assert len({key(), *others}) == 1 + len(others)
    assert key() == key()


def test_a_cache_that_cannot_be_written_is_one_line(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TRUESCORE_CACHE", str(tmp_path / "file"))
    maker = Maker()
    with pytest.raises(UserError, match="set TRUESCORE_CACHE"):
        store.dataset("x", N, DIM, maker)
    assert maker.calls == 0


def test_a_disk_without_room_is_refused_before_any_work():
    maker = Maker()
    with pytest.raises(UserError, match="GB free .* set TRUESCORE_CACHE to a larger disk"):
        store.dataset("x", 2**50, DIM, maker)
    assert maker.calls == 0
