"""Whether a network that must not see a site's own spin sees it."""

import copy

import torch
from torch import nn

from truescore.denoisers import SpinDenoiser
from truescore.errors import UserError

N_POINTS, MOST_SITES = 3, 16
# A network whose last layer starts at zero hides what it sees.
STIR = 0.1


@torch.no_grad()
def refuse_leaks(denoiser: SpinDenoiser, dim: int) -> None:
    """Flip sites one by one: the answer for a site must stay the same, to the bit.

    The weights are stirred first, in a copy. Up to 16 sites are tried, evenly spread.

    Args:
        denoiser: with a network ``net``; an oracle has none, and is believed.
        dim: number of sites.

    Raises:
        UserError: naming the site and the change.
    """
    if not isinstance(getattr(denoiser, "net", None), nn.Module):
        return
    generator = torch.Generator().manual_seed(0)
    stirred = copy.deepcopy(denoiser).cpu().eval()
    for parameter in stirred.parameters():
        parameter.add_(STIR * torch.randn(parameter.shape, generator=generator).to(parameter))
    x_t = 2.0 * torch.randint(2, (N_POINTS, dim), generator=generator) - 1
    t = torch.linspace(denoiser.process.t_min, denoiser.process.horizon, N_POINTS)
    before = stirred.log_odds(x_t, t)
    for site in torch.linspace(0, dim - 1, min(dim, MOST_SITES)).long().tolist():
        flipped = x_t.clone()
        flipped[:, site] *= -1
        change = (stirred.log_odds(flipped, t) - before)[:, site].abs().max()
        if change != 0:
            raise UserError(
                f"got {type(denoiser.net).__name__}, whose answer for site {site} changes by"
                f" {float(change):.2g} with that site's own spin, expected one that leaves it out:"
                " mask the site, or use model=leave_one_out"
            )
