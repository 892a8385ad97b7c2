"""What became of a sweep's jobs in SLURM's queue."""

from submitit.slurm.slurm import SlurmInfoWatcher, SlurmJob

GONE = "GONE"
# A job in any other state may yet run: squeue knows many, such as CONFIGURING and REQUEUE_HOLD.
ENDED = {
    "BOOT_FAIL",
    "CANCELLED",
    "COMPLETED",
    "DEADLINE",
    "FAILED",
    "NODE_FAIL",
    "OUT_OF_MEMORY",
    "TIMEOUT",
    GONE,
}


class QueueWatcher(SlurmInfoWatcher):
    """Asks ``squeue``, which every cluster has, where submitit asks ``sacct``.

    Without accounting ``sacct`` fails, and a job that was lost would be waited for without end. A
    job that the queue no longer knows, minutes after its end, is `GONE`.
    """

    def _make_command(self) -> list[str] | None:
        if not self._registered - self._finished:
            return None
        return ["squeue", "--me", "--array", "--states=all", "--noheader", "--format=%i|%T|%N"]

    def read_info(self, string: bytes | str) -> dict[str, dict[str, str]]:
        """The state of every job that is waited for, from what ``squeue`` printed."""
        text = string if isinstance(string, str) else string.decode()
        queue = {job: rest for job, *rest in (line.split("|") for line in text.splitlines())}
        info = {}
        for job in self._registered - self._finished:
            state, nodes = queue.get(job, (GONE, ""))
            info[job] = {"JobID": job, "State": state, "NodeList": nodes}
        return info

    def is_done(self, job_id: str, mode: str = "standard") -> bool:
        """Whether a job has ended, well or not."""
        return self.get_state(job_id, mode) in ENDED


def watch_the_queue() -> None:
    """Have submitit ask ``squeue`` from now on."""
    SlurmJob.watcher = QueueWatcher()
