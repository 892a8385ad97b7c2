"""Move points by Brownian motion, Ornstein-Uhlenbeck or Langevin and hold them against the truth.

Torch is imported by the job itself, so that every complaint about the configuration comes at once.
"""

import sys
from pathlib import Path

import hydra
from omegaconf import DictConfig

from truescore import cli
from truescore.job import job


@hydra.main(version_base="1.3", config_path="../conf", config_name="simulate")
def main(config: DictConfig) -> None:
    """One job: `truescore.job.job` in the folder that Hydra chose."""
    job(config, "simulate")


if __name__ == "__main__":
    conf = Path(__file__).resolve().parents[1] / "conf"
    sys.exit(cli.run(main, conf, application="simulate"))
