"""Functions of time with their derivative and inverse, from which processes are made.

All are elementwise in t, and keep their digits at both ends in float32 too.
"""

import math
from abc import ABC, abstractmethod

import torch
from torch import Tensor

from truescore.errors import UserError


class Schedule(ABC):
    """A strictly increasing function of time."""

    @abstractmethod
    def value(self, t: Tensor) -> Tensor:
        """The function itself."""

    @abstractmethod
    def rate(self, t: Tensor) -> Tensor:
        """Its derivative."""

    @abstractmethod
    def inverse(self, value: Tensor) -> Tensor:
        """The time at which it has a value."""


class LinearRate(Schedule):
    """B(t) = beta_min t + (beta_max - beta_min) t^2/2, whose rate rises from beta_min to beta_max.

    Args:
        beta_min: rate at t = 0, > 0.
        beta_max: rate at t = 1, >= beta_min.
    """

    def __init__(self, beta_min: float, beta_max: float) -> None:
        if not 0 < beta_min <= beta_max:
            raise UserError(
                f"got beta_min={beta_min}, beta_max={beta_max}, expected 0 < min <= max"
            )
        self.beta_min = beta_min
        self.slope = beta_max - beta_min

    def value(self, t: Tensor) -> Tensor:
        """B(t)."""
        return t * (self.beta_min + t * self.slope / 2)

    def rate(self, t: Tensor) -> Tensor:
        """beta(t)."""
        return self.beta_min + t * self.slope

    def inverse(self, value: Tensor) -> Tensor:
        """The root of a quadratic, in the form that does not cancel and allows slope = 0."""
        root = (self.beta_min**2 + 2 * self.slope * value).sqrt()
        return 2 * value / (self.beta_min + root)


class CosineRate(Schedule):
    """B(t) = -2 log(cos u(t) / cos u(0)), u(t) = (pi/2) (t + offset)/(1 + offset), t < 1.

    So that exp(-B/2) falls like a cosine; B is infinite at t = 1. Nichol and Dhariwal 2021, arXiv
    2102.09672, equation 17, whose alpha-bar is exp(-B).

    Args:
        offset: s > 0, which keeps the rate at t = 0 from zero.
    """

    def __init__(self, offset: float) -> None:
        if not 0 < offset < 1:
            raise UserError(f"got offset={offset}, expected inside (0, 1)")
        self.speed = math.pi / 2 / (1 + offset)
        self.start = self.speed * offset

    def value(self, t: Tensor) -> Tensor:
        """B(t), from 1 - cos u(t)/cos u(0), in which nothing cancels at small t."""
        angle = self.speed * t
        lost = 2 * (angle / 2).sin() ** 2 + angle.sin() * math.tan(self.start)
        return -2 * torch.log1p(-lost)

    def rate(self, t: Tensor) -> Tensor:
        """2 u' tan u, written from the end, where tan u diverges."""
        return 2 * self.speed / (self.speed * (1 - t)).tan()

    def inverse(self, value: Tensor) -> Tensor:
        """From the sine and the cosine of u: either alone is blunt at one end."""
        cosine = math.cos(self.start)
        sine_squared = math.sin(self.start) ** 2 - cosine**2 * torch.expm1(-value)
        angle = torch.atan2(sine_squared.sqrt(), cosine * (-value / 2).exp())
        return (angle - self.start) / self.speed


class Geometric(Schedule):
    """first (last/first)^t, from ``first`` > 0 at t = 0 to ``last`` > ``first`` at t = 1."""

    def __init__(self, first: float, last: float) -> None:
        self.first = first
        self.log_ratio = math.log(last / first)

    def value(self, t: Tensor) -> Tensor:
        """Proportional to (last/first)^t."""
        return self.first * (self.log_ratio * t).exp()

    def rate(self, t: Tensor) -> Tensor:
        """log(last/first) times the value."""
        return self.log_ratio * self.value(t)

    def inverse(self, value: Tensor) -> Tensor:
        """log(value/first) / log(last/first)."""
        return (value / self.first).log() / self.log_ratio
