"""The law of an error under perfect samples."""

from dataclasses import dataclass

from torch import Tensor

from truescore.metrics.verdict import Judgement, verdict

# Equal errors reached along two paths of rounding count as equal.
ROUNDING = 1e-9


@dataclass(frozen=True)
class NullLaw:
    """Errors of perfect sample sets, ``(R,)`` float64, of the size that is judged."""

    draws: Tensor

    @property
    def floor(self) -> float:
        """Root mean square of the error of perfect samples."""
        return float((self.draws**2).mean().sqrt())

    def percentile(self, value: float) -> float:
        """Percentage of perfect sample sets with an error below ``value``."""
        return 100 * float((self.draws < value - abs(value) * ROUNDING).double().mean())

    def p_value(self, value: float) -> float:
        """(1 + #{draws >= value}) / (1 + R): valid at every R, never 0."""
        reached = int((self.draws >= value - abs(value) * ROUNDING).sum())
        return (1 + reached) / (1 + len(self.draws))

    def judge(
        self,
        value: float,
        debiased: float | None = None,
        interval: tuple[float, float] | None = None,
    ) -> Judgement:
        """Everything that is reported of one error."""
        p_value = self.p_value(value)
        low, high = interval or (None, None)
        return Judgement(
            value=value,
            floor=self.floor,
            percentile=self.percentile(value),
            p_value=p_value,
            debiased=debiased,
            ci_low=low,
            ci_high=high,
            verdict=verdict(value, self.floor, p_value),
        )
