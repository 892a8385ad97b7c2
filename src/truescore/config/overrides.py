"""What is wrong with the overrides of a command line, when Hydra refuses to compose them.

Hydra stops at the first override it cannot apply. Here each is looked at on its own, so that all
that is wrong with a line is told at once, with the closest name that would have worked.
"""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from itertools import product
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

LIST_KEYS = "--cfg job lists every key"
# Primary configuration -> the program that runs it.
PROGRAMS = {"train": "train.py", "simulate": "scripts/simulate.py"}
# Launcher that a plugin of Hydra brings -> our optional dependency that brings the plugin.
LAUNCHERS = {
    "joblib": "joblib",
    "submitit_local": "slurm",
    "submitit_slurm": "slurm",
    "ray": "ray",
    "ray_cluster": "ray",
}


def override_errors(
    loader: ConfigLoader, overrides: list[str], mode: RunMode, config_name: str = "train"
) -> dict[str, str]:
    """The overrides that cannot be applied, each with the line that says why.

    Args:
        loader: what composes configurations.
        overrides: of the command line.
        mode: one run or a sweep.
        config_name: the primary configuration they are applied to.
    """
    errors: dict[str, str] = {}
    parsed: dict[str, Override] = {}
    for text in overrides:
        try:
            (parsed[text],) = OverridesParser.create(loader).parse_overrides([text])
        except HydraException:
            errors[text] = (
                f"{text}: not an override; write key=value, group=option or +experiment=NAME, "
                "with quotes around spaces, commas and brackets"
            )
    if mode is RunMode.RUN:
        for text, override in parsed.items():
            if override.is_sweep_override():
                errors[text] = f"{text}: several values need a sweep; add -m"
    choices = {t: o for t, o in parsed.items() if loader.get_group_options(o.key_or_group)}
    always = set(_compose(loader, config_name, []).hydra.runtime.choices)
    for text, override in choices.items():
        if text in errors or override.is_delete():
            continue
        if line := (
            _option_error(loader, override)
            or _superfluous_plus(override, always)
            or _program_error(loader, override, config_name)
            or _missing_plus(override, always)
        ):
            errors[text] = line
    chosen = [override for text, override in choices.items() if text not in errors]
    for combination in product(*(_alternatives(override) for override in chosen)):
        base = _compose(loader, config_name, list(combination))
        for text in parsed.keys() - choices.keys() - errors.keys():
            if line := _value_error(loader, parsed[text], base):
                errors[text] = line
    return {text: errors[text] for text in overrides if text in errors}


def _alternatives(override: Override) -> list[str]:
    """The overrides that the jobs of a sweep see in place of this one."""
    if not override.is_discrete_sweep():
        return [str(override.input_line)]
    return [f"{override.get_key_element()}={value}" for value in _values(override)]


def _compose(loader: ConfigLoader, config_name: str, overrides: list[str]) -> DictConfig:
    return loader.load_configuration(config_name, overrides, run_mode=RunMode.RUN)


def _option_error(loader: ConfigLoader, override: Override) -> str | None:
    """What is wrong with the options of ``group=option``: there is none of that name."""
    text, options = override.input_line, loader.get_group_options(override.key_or_group)
    for choice in _values(override):
        for name in choice if isinstance(choice, list) else [choice]:
            # Files of ours settle the former two; the latter comes with the plugin alone.
            if ("ray_aws" if name in ("ray", "ray_cluster") else name) not in options:
                if override.key_or_group == "hydra/launcher" and (extra := LAUNCHERS.get(name)):
                    return f"{text}: needs a plugin of Hydra; pip install -e '.[{extra}]'"
                return f"{text}: no such option{_meant(str(name), options)} ({', '.join(options)})"
    return None


def _program_error(loader: ConfigLoader, override: Override, config_name: str) -> str | None:
    """Which other program takes an option that this one cannot."""
    for choice in _alternatives(override):
        if not _composes(loader, config_name, choice):
            for other, program in PROGRAMS.items():
                if _composes(loader, other, choice):
                    own = PROGRAMS[config_name]
                    return f"{choice}: not for {own}; run python {program} {choice}"
    return None


def _composes(loader: ConfigLoader, config_name: str, override: str) -> bool:
    try:
        _compose(loader, config_name, [override])
    except HydraException:
        return False
    return True


def _superfluous_plus(override: Override, always: set[str]) -> str | None:
    """Whether ``+group=option`` is of a group that is always chosen, or has a plus too many."""
    group = override.key_or_group
    if override.is_force_add() or (override.is_add() and group in always):
        return f"{override.input_line}: write {_plain(override, group not in always)}"
    return None


def _missing_plus(override: Override, always: set[str]) -> str | None:
    """Whether ``group=option`` is of a group that must be added."""
    group = override.key_or_group
    if not override.is_add() and group not in always:
        return f"{override.input_line}: {group} is added to a run; write {_plain(override, True)}"
    return None


def _plain(override: Override, added: bool) -> str:
    option = str(override.input_line).partition("=")[2]
    return f"{'+' * added}{override.key_or_group}={option}"


def _value_error(loader: ConfigLoader, override: Override, base: DictConfig) -> str | None:
    """What is wrong with ``key=value``, given the configuration it is applied to."""
    key, text = override.key_or_group, override.input_line
    exists = has_key(base, key)
    if exists and override.is_add() and not isinstance(override.value(), dict | list):
        return f"{text}: {key} is there already; write {str(text).removeprefix('+')}"
    if exists or override.is_add() or override.is_force_add():
        return None
    return no_such_key(base, key, str(text), [g for g in loader.list_groups("") if g != "hydra"])


def no_such_key(config: DictConfig, key: str, text: str, groups: Sequence[str] = ()) -> str:
    """One line on an override of a key that a configuration lacks, with the nearest that it has."""
    keys = [k for k in _keys(config) if k.startswith("hydra.") == key.startswith("hydra.")]
    same_end = [k for k in keys if k.rpartition(".")[2] == key.rpartition(".")[2]]
    meant = f"; did you mean {same_end[0]}?" if same_end else _meant(key, [*keys, *groups])
    parent = key.rpartition(".")[0] + "."
    siblings = dict.fromkeys(
        k.removeprefix(parent).partition(".")[0] for k in keys if k.startswith(parent)
    )
    here = f"{parent[:-1]} has {', '.join(siblings)}" if siblings else LIST_KEYS
    return f"{text}: no such key{meant} ({here})"


def _values(override: Override) -> list[Any]:
    if override.is_discrete_sweep():
        return list(override.sweep_string_iterator())
    return [override.value()]


def _meant(name: str, options: list[str]) -> str:
    close = get_close_matches(name, options, n=1, cutoff=0.5)
    return f"; did you mean {close[0]}?" if close else ""


def has_key(config: DictConfig, key: str) -> bool:
    """Whether a key exists, though its value be null, missing or an interpolation."""
    parent, _, last = key.rpartition(".")
    node = OmegaConf.select(config, parent, throw_on_resolution_failure=False) if parent else config
    return isinstance(node, DictConfig) and last in node.keys()


def _keys(config: DictConfig, prefix: str = "") -> Iterator[str]:
    for key in config.keys():
        node = config._get_node(key)
        if isinstance(node, DictConfig) and not node._is_none() and not node._is_missing():
            yield from _keys(node, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"
