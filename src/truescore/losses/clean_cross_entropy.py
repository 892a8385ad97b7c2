"""Cross-entropy of the clean sites."""

from torch import Tensor

from truescore.losses.discrete import DiscreteLoss
from truescore.processes import DiscreteProcess


class CleanCrossEntropy(DiscreteLoss):
    """-log P(x_0^i | x_t without x_t^i), averaged over sites, in nats; of any process.

    What remains above the minimum is the relative entropy of the clean site's law given the other
    noisy ones. Where x_t^i says little, it weighs as ratio matching does; at low noise it weighs
    more, as there x_t^i all but tells x_0^i, which this loss asks of the others alone.

    Austin et al. 2021, arXiv 2107.03006, equation 5, without the site's own symbol.
    """

    def of_sites(self, process: DiscreteProcess, clean: Tensor, x_0: Tensor, t: Tensor) -> Tensor:
        """Cross-entropy of each clean site, ``(n, d)``."""
        return -clean.gather(-1, process.index(x_0)[..., None])[..., 0]
