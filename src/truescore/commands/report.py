"""Write the report of a sweep, finished or half way."""

from pathlib import Path

from truescore.commands.frame import split, writable
from truescore.errors import UserError


def report_command(arguments: list[str]) -> None:
    """``sweep=DIR [out=DIR]``: the report of a sweep, finished or half way."""
    own, others = split(arguments, ("sweep", "out"))
    if others or "sweep" not in own:
        got = f"got {others[0]!r}" if others else "got no sweep=DIR"
        raise UserError(f"{got}, expected sweep=DIR [out=DIR], the folder of a sweep")
    try:
        from truescore.study import read_study, write_report
    except ModuleNotFoundError as error:
        raise UserError(
            f"got no package {error.name}, expected pandas: pip install -e '.[report]'"
            " -c constraints.txt"
        ) from error
    sweep = Path(own["sweep"])
    study = read_study(sweep)
    folder = Path(own["out"]) if "out" in own else sweep / "report"
    writable(folder)
    for file in write_report(study, folder):
        print(file)
