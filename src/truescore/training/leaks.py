"""Whether a network that must not see a site's own symbol sees it."""

import copy

import torch
from torch import Tensor, nn

from truescore.denoisers import DiscreteDenoiser, SpinDenoiser
from truescore.errors import UserError

N_POINTS, MOST_SITES = 3, 16
# A network whose last layer starts at zero hides what it sees.
STIR = 0.1


@torch.no_grad()
def refuse_leaks(denoiser: DiscreteDenoiser, dim: int) -> None:
    """Change sites one by one: the answer for a site must stay the same, to the bit.

    The weights are stirred first, in a copy. Up to 16 sites are tried, evenly spread, each with
    every other symbol, a mask among them.

    Args:
        denoiser: with a network ``net``; an oracle has none, and is believed, as are
            answers for masked sites, which have no symbol of their own to tell.
        dim: number of sites.

    Raises:
        UserError: naming the site and the change.
    """
    if not isinstance(getattr(denoiser, "net", None), nn.Module) or denoiser.masked_only:
        return
    generator = torch.Generator().manual_seed(0)
    stirred = copy.deepcopy(denoiser).cpu().eval()
    for parameter in stirred.parameters():
        parameter.add_(STIR * torch.randn(parameter.shape, generator=generator).to(parameter))
    process = denoiser.process
    n_symbols = len(process.symbols)
    index = torch.randint(n_symbols, (N_POINTS, dim), generator=generator)
    t = torch.linspace(process.t_min, process.horizon, N_POINTS)
    before = _answers(stirred, process.value(index), t)
    for site in torch.linspace(0, dim - 1, min(dim, MOST_SITES)).long().tolist():
        for shift in range(1, n_symbols):
            other = index.clone()
            other[:, site] = (index[:, site] + shift) % n_symbols
            change = (_answers(stirred, process.value(other), t) - before)[:, site].abs().max()
            if change != 0:
                raise UserError(
                    f"got {type(denoiser.net).__name__}, whose answer for site {site} changes by"
                    f" {float(change):.2g} with that site's own {_symbol(denoiser)}, expected one"
                    " that leaves it out: mask the site, or use model=leave_one_out"
                )


def _answers(denoiser: DiscreteDenoiser, x_t: Tensor, t: Tensor) -> Tensor:
    """What the network says of each site; log-odds of spins, as log-laws saturate."""
    if isinstance(denoiser, SpinDenoiser):
        return denoiser.log_odds(x_t, t)
    return denoiser.clean_log_probs(x_t, t)


def _symbol(denoiser: DiscreteDenoiser) -> str:
    return "spin" if isinstance(denoiser, SpinDenoiser) else "state"
