"""The cells of a sweep as one tidy table."""

import itertools
import json
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple, cast

import pandas as pd
from omegaconf import OmegaConf

from truescore.build import LABELS, OF_DATA
from truescore.config.digest import NOT_THE_RESULT, used
from truescore.errors import UserError
from truescore.files import CONFIG, SUMMARY
from truescore.study.reach import law_length, reach
from truescore.sweep import LOCK, PLAN, Plan, has_failed, read_mark

SCHEMA_VERSION = 1
NOTHING_ELSE = "-"
"""The variant of a sweep over sizes and seeds alone."""
GRID = ("dim", "n_train", "seed")
CHOICE = ".name"
"""Of a section: which file of its group was chosen."""
GRID_KEYS = ("dataset.dim", "dataset.n_train", "seed")
LEVELS = {"times": "time", "log_snr": "log_snr", "error": "error"}
"""What a cell tells of each noise level, and the column that holds it."""
NOT_OF_LAW = (*LABELS, *OF_DATA, "dim")


class Study(NamedTuple):
    """What a sweep's folder tells.

    Attributes:
        folder: the sweep's.
        law: the dataset's name.
        state_space: of the law.
        cells: a row for each finished cell and metric: ``cell, name, variant, dim, n_train,
            n_generate, seed, odd, reach, correlation_length, metric, value, floor, p_value,
            debiased, ci_low, ci_high``, for each baseline its ``_value, _floor, _debiased``,
            ``seconds_``, ``config_hash``. The floor of the baseline ``training_data`` is that of
            n_train exact samples, and ``floor`` that of n_generate. ``variant`` says how the cell
            differs in what is neither size nor seed, ``odd`` whether its network is, so that its
            mean is exact, ``reach`` how many sites to either side that sees.
        curves: a row for each finished cell and noise level: ``cell, variant, dim, n_train, seed,
            time, log_snr, error``.
        failed: why a cell failed, by its name.
        missing: cells of the sweep's latest command, or begun by another one, that are neither done
            nor failed.
    """

    folder: Path
    law: str
    state_space: str
    cells: pd.DataFrame
    curves: pd.DataFrame
    failed: dict[str, str]
    missing: list[str]

    @property
    def mean_is_exact(self) -> bool:
        """Whether all networks are odd, so that what samples show of the mean is their noise."""
        return bool(self.cells["odd"].all())

    @property
    def n_finished(self) -> int:
        """Number of finished cells."""
        return len(set(self.cells["cell"]))


def read_study(folder: Path) -> Study:
    """Read all finished cells of a sweep, which may still be running.

    Args:
        folder: the sweep's, ``outputs/multirun/NAME``.

    Raises:
        UserError: no such folder, no finished cell, a cell that cannot be read, cells of
            different laws, or one run twice.
    """
    if not folder.is_dir():
        raise UserError(f"got sweep={folder}, which is no folder: name one in outputs/multirun")
    planned = list(Plan.read(folder).cells) if (folder / PLAN).is_file() else []
    found = sorted(path.name for path in folder.iterdir() if path.is_dir())
    names = list(dict.fromkeys([*planned, *found]))
    finished = [name for name in names if (folder / name / SUMMARY).is_file()]
    failed = {name: _reason(folder / name) for name in names if has_failed(folder / name)}
    begun = {*planned, *(name for name in found if (folder / name / LOCK).exists())}
    missing = [n for n in names if n in begun and n not in finished and n not in failed]
    if not finished:
        raise UserError(
            f"got sweep={folder} without a finished cell ({len(failed)} failed): name the folder"
            " of a sweep, or run it first"
        )
    summaries = {name: _summary(folder / name) for name in finished}
    configs = {name: _config(folder / name) for name in finished}
    _check_one_law(configs)
    variants = _variants(configs, summaries)
    scales = _scales(configs)
    _check_no_repeats(summaries, variants)
    head = {
        name: {
            "cell": name,
            "name": summary["experiment"],
            "variant": variants[name],
            **{key: summary[key] for key in ("dim", "n_train", "n_generate", "seed")},
            "odd": bool(configs[name].get("model", {}).get("net", {}).get("odd")),
            **scales[name],
        }
        for name, summary in summaries.items()
    }
    rows = itertools.chain.from_iterable(_rows(head[n], s) for n, s in summaries.items())
    levels = itertools.chain.from_iterable(_levels(head[n], s) for n, s in summaries.items())
    order = ["variant", "dim", "n_train", "seed"]
    curves = pd.DataFrame(levels, columns=["cell", *order, *LEVELS.values()])
    law = configs[finished[0]]["dataset"]
    return Study(
        folder,
        law["name"],
        law["state_space"],
        pd.DataFrame(rows).sort_values(order, kind="stable", ignore_index=True),
        curves,
        failed,
        missing,
    )


def where(table: pd.DataFrame, **values: Any) -> pd.DataFrame:
    """Rows of a table whose columns have these values."""
    for column, value in values.items():
        table = cast(pd.DataFrame, table.loc[table[column] == value])
    return table


def write_cells(cells: pd.DataFrame, folder: Path) -> list[Path]:
    """Write ``cells.csv``, and ``cells.parquet`` if pyarrow is installed."""
    files = [folder / "cells.csv"]
    cells.to_csv(files[0], index=False)
    if find_spec("pyarrow") is not None:
        files.append(folder / "cells.parquet")
        cells.to_parquet(files[1], index=False)
    return files


def _rows(head: Mapping[str, Any], summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    names = ("value", "floor", "p_value", "debiased", "ci_low", "ci_high")
    tail = {f"seconds_{part}": value for part, value in summary["seconds"].items()}
    tail["config_hash"] = summary["config_hash"]
    rows = []
    for metric, judged in summary["metrics"].items():
        row = {**head, "metric": metric, **{name: judged.get(name) for name in names}}
        for baseline, others in summary["baselines"].items():
            prefix, other = baseline.replace(" ", "_"), others.get(metric, {})
            row |= {f"{prefix}_{k}": other.get(k) for k in ("value", "floor", "debiased")}
        rows.append(row | tail)
    return rows


def _levels(head: Mapping[str, Any], summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    curve = summary.get("score_error_curve")
    if curve is None:
        return []
    kept = {key: head[key] for key in ("cell", "variant", *GRID)}
    levels = zip(*(curve[key] for key in LEVELS), strict=True)
    return [kept | dict(zip(LEVELS.values(), level, strict=True)) for level in levels]


def _reason(folder: Path) -> str:
    mark = read_mark(folder) or {"messages": [], "error": "run again just now"}
    return " ".join([*mark["messages"], "" if mark["messages"] else mark["error"]]).strip()


def _summary(folder: Path) -> dict[str, Any]:
    file = folder / SUMMARY
    try:
        summary = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(
            f"got {file}, which is no JSON: delete it and run the cell again"
        ) from error
    if summary.get("schema_version") != SCHEMA_VERSION:
        raise UserError(
            f"got {file} of schema {summary.get('schema_version')}, expected {SCHEMA_VERSION}:"
            " run the cell again with this version"
        )
    if "metrics" not in summary:
        raise UserError(
            f"got {file}, which is of no training: name the folder of a sweep of train.py"
        )
    return summary


def _config(folder: Path) -> dict[str, Any]:
    file = folder / CONFIG
    if not file.is_file():
        raise UserError(f"got {folder} with a summary but no {CONFIG}: run the cell again")
    return used(OmegaConf.to_container(OmegaConf.load(file), resolve=True))


def _scales(configs: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """``reach`` and ``correlation_length`` of each cell; each network and law is built once."""
    reaches: dict[str, float] = {}
    lengths: dict[int, float] = {}
    scales = {}
    for name, config in configs.items():
        dim = config["dataset"]["dim"]
        net = json.dumps([dim, config.get("model", {}).get("net")], sort_keys=True)
        if net not in reaches:
            reaches[net] = reach(config)
        if dim not in lengths:
            lengths[dim] = law_length(config)
        scales[name] = {"reach": reaches[net], "correlation_length": lengths[dim]}
    return scales


def _check_one_law(configs: Mapping[str, Mapping[str, Any]]) -> None:
    laws = {
        name: {k: v for k, v in config["dataset"].items() if k not in NOT_OF_LAW}
        | {"name": config["dataset"]["name"]}
        for name, config in configs.items()
    }
    first, law = next(iter(laws.items()))
    for name, other in laws.items():
        differing = [key for key in sorted({*law, *other}) if law.get(key) != other.get(key)]
        if differing:
            key = "name" if "name" in differing else differing[0]
            raise UserError(
                f"got cells of different laws: dataset.{key} is {law.get(key)} in {first} and"
                f" {other.get(key)} in {name}; give each law a sweep of its own (hydra.sweep.dir=)"
            )


def _check_no_repeats(
    summaries: Mapping[str, Mapping[str, Any]], variants: Mapping[str, str]
) -> None:
    """The same run twice is not two seeds."""
    first: dict[tuple[Any, ...], str] = {}
    for name, summary in summaries.items():
        place = (variants[name], *(summary[key] for key in GRID))
        if first.setdefault(place, name) != name:
            raise UserError(
                f"got {first[place]} and {name}, which are the same run (d = {summary['dim']},"
                f" N = {summary['n_train']}, seed {summary['seed']}): move one of them away"
            )


def _variants(
    configs: Mapping[str, Mapping[str, Any]], summaries: Mapping[str, Mapping[str, Any]]
) -> dict[str, str]:
    """What else was swept, such as ``sampler.steps=8``: keys that differ at one size.

    What depends on the size by an interpolation differs from size to size only. Of a choice from a
    group, such as ``model=mlp``, the keys that come with it are not named again.
    """
    flat = {name: _flat(config) for name, config in configs.items()}
    keys: set[str] = set()
    places: dict[tuple[Any, ...], str] = {}
    sizes = {name: (summary["dim"], summary["n_train"]) for name, summary in summaries.items()}
    for name, values in flat.items():
        first = flat[places.setdefault(sizes[name], name)]
        keys |= {k for k in values.keys() | first.keys() if values.get(k) != first.get(k)}
    swept = sorted(key for key in keys - set(GRID_KEYS) if not _is_no_result(key))
    told = [key for key in swept if not _comes_with_a_choice(key, swept, flat, sizes)]
    return {
        name: " ".join(f"{key.removesuffix(CHOICE)}={values.get(key)}" for key in told)
        or NOTHING_ELSE
        for name, values in flat.items()
    }


def _comes_with_a_choice(
    key: str,
    swept: Sequence[str],
    flat: Mapping[str, Mapping[str, Any]],
    sizes: Mapping[str, tuple[int, int]],
) -> bool:
    """Whether at each size the name of a key's section, itself swept, says what the key is."""
    choice = key.partition(".")[0] + CHOICE
    if key == choice or choice not in swept:
        return False
    values: dict[tuple[Any, ...], Any] = {}
    return all(
        values.setdefault((sizes[name], cell.get(choice)), cell.get(key)) == cell.get(key)
        for name, cell in flat.items()
    )


def _is_no_result(key: str) -> bool:
    return any(key == other or key.startswith(f"{other}.") for other in NOT_THE_RESULT)


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    if not isinstance(value, Mapping):
        return {path: value}
    parts = (_flat(item, f"{path}.{key}".lstrip(".")) for key, item in value.items())
    return {k: v for part in parts for k, v in part.items()}
