"""Messages passed along a ring from both sides, which never come around to their own site."""

import math

import torch
from torch import Tensor, nn

from truescore.errors import UserError
from truescore.nets.layers import check_shape, check_sites
from truescore.nets.passing import OfSpins, OfStates, pass_messages


class LeaveOneOutMessages(nn.Module):
    """One small rule carries what sites tell from each to the next, on either side alike.

    The message that reaches site i from those before it follows

        m_{i+1} = phi(W m_i + v e^i),

    e^i the evidence that noisy site i carries, from those after it the same in mirror image; the
    answer is linear in their sum. With phi(z) = atanh(tanh(c) tanh(z)) in each channel of spins,
    log(1 + (e^c - 1) softmax(z)) over those of states, that is the form of the exact answer on a
    ring of nearest neighbours (belief propagation); couplings c, W and v are learned.

    Noise that acts on each site alone multiplies p_0(x_0) by one factor a site, its evidence. So
    the law of x_0 given x_t is one function of evidence at all noise levels, and so is this
    network: it is shown no level. Ten weights do for spins, and few data tell them.

    The ring is cut into blocks of at most twice ``radius`` sites; a block's messages start from
    nothing ``radius`` sites before it and run to its end, all blocks at once. So each site hears at
    least ``radius`` sites on either side, at a cost per site that depends on neither ring nor
    radius, and no path comes around the ring: flipping x_i leaves output i the same to the bit.
    Symmetric under reflection, and under translation as far as sites beyond the radius say nothing.

    Sites are spins, or states shown as one-hot channels of ``n_symbols`` symbols.

    Args:
        dim: number of sites on the ring, at least 3.
        width: channels of a message; unless given the number of states, 2 of spins.
        radius: sites to either side that are heard at least; clipped to three quarters of the ring:
            both sides together have heard all of it at one half, and what comes around at more.
        odd: of spins, build in f(-x) = -f(x), exactly, in one pass; states have no sign.
        n_symbols: m, channels of a noisy site; ``None`` for spins.
        n_states: q, logits of a clean site; ``None`` for spins.

    Attributes:
        reads_evidence: that a denoiser is to show the evidence of noisy sites in place of them.
        reach: how many sites to either side every answer depends on; at some places it is more.
        block: sites of a block.
    """

    reads_evidence = True
    sites: Tensor

    def __init__(
        self,
        dim: int,
        width: int | None = None,
        radius: int = 24,
        odd: bool = True,
        n_symbols: int | None = None,
        n_states: int | None = None,
    ) -> None:
        super().__init__()
        width = (n_states or 2) if width is None else width
        if dim < 3 or min(width, radius) < 1:
            raise UserError(
                f"got dim={dim}, width={width}, radius={radius}, expected dim at least 3 and the"
                " others at least 1"
            )
        check_sites(n_symbols, n_states)
        odd = odd and n_states is None
        self.dim = dim
        self.n_symbols = n_symbols
        self.width = width
        self.reach = min(radius, 3 * dim // 4)
        n_blocks = math.ceil(dim / min(dim - self.reach, 2 * self.reach))
        self.block = math.ceil(dim / n_blocks)
        self.see = nn.Linear(n_symbols or 1, width, bias=not odd)
        self.carry = nn.Linear(width, width, bias=False)
        self.coupling = nn.Parameter(torch.full((width, 1), 0.5))
        self.head = nn.Linear(width, n_states or 1, bias=not odd)
        self._start_weakly_coupled(spins=n_states is None)
        self.register_buffer("sites", self._sites(), persistent=False)

    def forward(self, evidence: Tensor, noise_level: Tensor) -> Tensor:
        """Map evidence to leave-one-out logits; noise levels add nothing to it.

        Spins ``(n, d) -> (n, d)``; states ``(n, d, m) -> (n, d, q)``.
        """
        check_shape(evidence, self.dim, self.n_symbols)
        answer = self._answers(self._messages(self._heard(evidence)))
        return answer[..., 0] if self.n_symbols is None else answer

    def _start_weakly_coupled(self, spins: bool) -> None:
        """Start as the answer of a ring with couplings of about a half.

        From random weights one of a few trainings in two channels stays in a valley of W against
        c, with a score error ten times as large.
        """
        nn.init.eye_(self.carry.weight)
        if spins:
            nn.init.ones_(self.see.weight)
            nn.init.constant_(self.head.weight, 2 / self.width)
            # Channels that start alike would stay so.
            self.coupling.data.copy_(torch.linspace(0.25, 0.75, self.width)[:, None])
        else:
            nn.init.eye_(self.see.weight)
            nn.init.eye_(self.head.weight)

    def _sites(self) -> Tensor:
        """What a block hears at each step, from before and after, ``(steps, 2 blocks)``."""
        step = torch.arange(self.reach + self.block - 1)[:, None]
        first = torch.arange(0, self.dim, self.block)
        before = (first - self.reach + step) % self.dim
        return torch.cat([before, self.dim - 1 - before], 1)

    def _heard(self, evidence: Tensor) -> Tensor:
        """What every step hears, ``(channels, steps, 2 blocks * n)``."""
        # Channels first and points last: narrow matrix products are several times faster that way
        # round, and what is gathered are whole rows.
        by_site = evidence.reshape(len(evidence), self.dim, -1).permute(2, 1, 0).contiguous()
        return by_site[:, self.sites].flatten(2)

    def _messages(self, heard: Tensor) -> Tensor:
        """What reaches the sites of every block, ``(width, block, 2 blocks * n)``."""
        weight, spins = self.carry.weight, self.n_symbols is None
        k = self.coupling.tanh() if spins else self.coupling.expm1()
        rule = OfSpins() if spins else OfStates()
        seen = _apply(self.see, heard).to(weight)
        return pass_messages(seen, weight, k, self.reach - 1, rule)

    def _answers(self, messages: Tensor) -> Tensor:
        """Logits, linear in the sum of what comes from both sides, ``(n, d, logits)``."""
        n_blocks = self.sites.shape[1] // 2
        by_side = messages.unflatten(-1, (2, n_blocks, -1)).permute(2, 0, 3, 1, 4)
        before, after = by_side.flatten(2, 3)[:, :, : self.dim]
        return _apply(self.head, before + after.flip(1)).permute(2, 1, 0)


def _apply(layer: nn.Linear, h: Tensor) -> Tensor:
    """A linear layer of channels that stand first, ``(in, steps, n) -> (out, steps, n)``."""
    flat = h.flatten(1)
    answer = layer.weight @ flat
    if layer.bias is not None:
        answer = answer + layer.bias[:, None]
    return answer.view(-1, *h.shape[1:])
