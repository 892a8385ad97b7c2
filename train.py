"""Train one score model and hold it against the truth: python train.py +experiment=ising_d64.

Torch and Lightning are imported by the job itself, so that --help, --cfg job and every complaint
about the configuration come at once.
"""

import sys
from pathlib import Path

import hydra
from omegaconf import DictConfig

from truescore import cli
from truescore.job import job


@hydra.main(version_base="1.3", config_path="conf", config_name="train")
def main(config: DictConfig) -> None:
    """One job: `truescore.job.job` in the folder that Hydra chose."""
    job(config)


if __name__ == "__main__":
    sys.exit(cli.run(main, conf=Path(__file__).resolve().parent / "conf"))
