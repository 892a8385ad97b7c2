"""What a few lines of plain torch do in place of ours: peers that need no library."""

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn

from truescore.denoisers import RealDenoiser
from truescore.randomness import keyed_generator

WIDTH, DEPTH = 256, 4


def mlp_step(seed: int, dim: int, batch: int, device: str) -> Callable[[], float]:
    """A training step of a perceptron of `DEPTH` layers of `WIDTH`, AdamW; it tells its loss."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        inner = [layer for _ in range(DEPTH - 2) for layer in (nn.Linear(WIDTH, WIDTH), nn.SiLU())]
        net = nn.Sequential(nn.Linear(dim, WIDTH), nn.SiLU(), *inner, nn.Linear(WIDTH, dim))
    net = net.to(device)
    optimizer = torch.optim.AdamW(net.parameters())
    x = torch.randn(batch, dim, generator=keyed_generator(seed, "bare")).to(device)

    def step() -> float:
        loss = (net(x) - x).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


@torch.inference_mode()
def ddim(denoiser: RealDenoiser, x: Tensor, times: Tensor) -> Tensor:
    """Euler's rule on dx/dr in the variables x/alpha, r = sigma/alpha, as one would write it."""
    alpha, sigma = denoiser.process.alpha(times), denoiser.process.sigma(times)
    y, r = x / alpha[0], sigma / alpha
    for k, (now, then) in enumerate(pairwise(r)):
        clean = denoiser.posterior_mean(alpha[k] * y, times[k].expand(len(y))).to(x)
        y = clean + then / now * (y - clean)
    return alpha[-1] * y


@torch.inference_mode()
def heun(denoiser: RealDenoiser, x: Tensor, times: Tensor) -> Tensor:
    """Heun's rule on the same flow."""
    alpha, sigma = denoiser.process.alpha(times), denoiser.process.sigma(times)
    y, r = x / alpha[0], sigma / alpha

    def slope(y: Tensor, k: int) -> Tensor:
        clean = denoiser.posterior_mean(alpha[k] * y, times[k].expand(len(y)))
        return (y - clean.to(x)) / r[k]

    for k, (now, then) in enumerate(pairwise(r)):
        here = slope(y, k)
        y = y + (then - now) * (here + slope(y + (then - now) * here, k + 1)) / 2
    return alpha[-1] * y
