"""Generators keyed by what they are for, so that no stream depends on what ran before."""

import zlib

import numpy as np
import torch


def keyed_generator(
    seed: int, purpose: str, *key: int, device: torch.device | str = "cpu"
) -> torch.Generator:
    """The generator of one purpose at one place: the same key gives the same bits.

    Args:
        seed: the run's seed.
        purpose: name of the stream, such as ``"noise"`` or ``"validation"``.
        key: integers within the stream: a step, a rank.
        device: where the generator draws.
    """
    entropy = [seed, zlib.crc32(purpose.encode()), *key]
    state = int(np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0])
    return torch.Generator(device).manual_seed(state)
