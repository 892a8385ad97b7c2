"""The machine: what it is, and how fast it can multiply, copy and draw random numbers at all."""

import os
import platform
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from truescore.benchmark.paired import Contender, alternate
from truescore.benchmark.rows import Row
from truescore.benchmark.settings import Settings
from truescore.randomness import keyed_generator

FLAGS = ("avx2", "fma", "avx512f", "avx512_bf16", "avx512_fp16", "amx_bf16", "asimd", "bf16")


def machine(settings: Settings) -> dict[str, Any]:
    """Plain values on the machine and the libraries."""
    return {
        "platform": platform.platform(),
        "processor": _cpuinfo("model name") or platform.processor(),
        "cores": os.cpu_count(),
        "cpu_flags": [flag for flag in FLAGS if flag in _cpuinfo("flags").split()],
        "load": list(os.getloadavg()),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "threads": settings.threads,
        "device": torch.cuda.get_device_name() if settings.device == "cuda" else "cpu",
    }


def measure(
    settings: Settings, size: int = 1024, entries: int = 2**24, rounds: int = 5
) -> Iterator[Row]:
    """Matrix product of float32 and bfloat16, copying of memory, random numbers."""
    a = torch.randn(size, size, generator=keyed_generator(settings.seed, "matrix"))
    a = a.to(settings.device)
    source = torch.zeros(entries, device=settings.device)
    goal, half = torch.empty_like(source), a.bfloat16()
    numbers = torch.empty(entries // 16, dtype=torch.float64, device=settings.device)
    of_torch = keyed_generator(settings.seed, "numbers", device=settings.device)
    of_numpy = np.random.default_rng(settings.seed)
    billions = 2e-9 * size**3
    contenders = {
        "matrix product, float32": ("Gflop/s", partial(torch.mm, a, a), billions),
        "matrix product, bfloat16": ("Gflop/s", partial(torch.mm, half, half), billions),
        "copying memory": ("GB/s", partial(goal.copy_, source), 8e-9 * entries),
        "torch, uniform float64": (
            "millions/s", partial(numbers.uniform_, generator=of_torch), 1e-6 * len(numbers),
        ),
        "torch, normal float64": (
            "millions/s", partial(numbers.normal_, generator=of_torch), 1e-6 * len(numbers),
        ),
        "numpy, uniform float64": (
            "millions/s", partial(of_numpy.random, len(numbers)), 1e-6 * len(numbers),
        ),
        "numpy, normal float64": (
            "millions/s", partial(of_numpy.standard_normal, len(numbers)), 1e-6 * len(numbers),
        ),
    }  # fmt: skip
    times = alternate([Contender(name, *each[1:]) for name, each in contenders.items()], rounds)
    for name, (unit, _, _) in contenders.items():
        yield Row("machine", name, "rate", unit, times.rate(name))


def _cpuinfo(key: str) -> str:
    """Linux's word on the first processor; empty elsewhere."""
    file = Path("/proc/cpuinfo")
    lines = file.read_text().splitlines() if file.is_file() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(key)), "")
