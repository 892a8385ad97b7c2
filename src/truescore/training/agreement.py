"""What rank 0 decides, told to the other processes before there is a trainer."""

import torch
import torch.distributed as dist
from lightning_fabric.plugins.environments.slurm import SLURMEnvironment
from lightning_fabric.plugins.environments.torchelastic import TorchElasticEnvironment


def agreed(decision: bool, accelerator: str) -> bool:
    """Rank 0's decision; the others' own is ignored.

    Joins the processes that ``torchrun`` or SLURM started; Lightning's training then uses the group
    that is there.

    Args:
        decision: of this process.
        accelerator: that will train, ``trainer.accelerator``.
    """
    if not dist.is_initialized():
        by_slurm = not TorchElasticEnvironment.detect()
        environment = SLURMEnvironment() if by_slurm else TorchElasticEnvironment()
        on_gpu = accelerator != "cpu" and torch.cuda.is_available()
        dist.init_process_group(
            "cpu:gloo,cuda:nccl" if on_gpu else "gloo",
            init_method=f"tcp://{environment.main_address}:{environment.main_port}"
            if by_slurm
            else "env://",
            rank=environment.global_rank(),
            world_size=environment.world_size(),
        )
    told = [decision]
    dist.broadcast_object_list(told, src=0, device=torch.device("cpu"))
    return told[0]
