"""Configurations composed and changed outside ``train.py``, checked as it checks them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from truescore.errors import UserError

CONF = Path(__file__).resolve().parents[2] / "conf"


def changed(
    config: Mapping[str, Any], overrides: list[str], sections: Sequence[str]
) -> dict[str, Any]:
    """A run's configuration with values changed in some sections, checked like any other.

    ``sampler=NAME`` takes another file of ``conf/sampler/`` but for the number of samples.
    """
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    from truescore.config import check
    from truescore.config.overrides import has_key, no_such_key

    updated = OmegaConf.create(dict(config))
    OmegaConf.set_struct(updated, True)
    for override in overrides:
        key, _, value = override.partition("=")
        if key == "sampler" and key in sections:
            chosen = composed_section(key, value) | {"n_generate": config[key]["n_generate"]}
            OmegaConf.update(updated, key, chosen, merge=False, force_add=True)
            continue
        if key.split(".")[0] not in sections:
            meant = [f"{name}.{override}" for name in sections if has_key(updated, f"{name}.{key}")]
            remedy = f"did you mean {meant[0]}?" if meant else "drop it"
            raise UserError(
                f"got {override}, expected keys of {', '.join(sections)} here: {remedy}"
            )
        if not has_key(updated, key):
            raise UserError(no_such_key(updated, key, override))
        try:
            updated.merge_with_dotlist([override])
        except OmegaConfBaseException as error:
            raise UserError(f"{override}: {str(error).splitlines()[0]}") from error
    updated["ckpt_path"] = None
    if errors := check(updated):
        raise UserError("\n".join(errors))
    return dict(OmegaConf.to_container(updated, resolve=True))  # type: ignore[arg-type]


def composed_section(section: str, name: str) -> dict[str, Any]:
    """A file of one group of ``conf/``."""
    from omegaconf import OmegaConf

    config = _compose([f"{section}={name}"])
    return dict(OmegaConf.to_container(config[section], resolve=True))  # type: ignore[arg-type]


def composed(overrides: list[str], conf: str | None = None) -> dict[str, Any]:
    """A configuration with overrides, of which only the law and the metrics count.

    Args:
        overrides: of the command line.
        conf: a folder of the user's own files beside ``conf/``, if there is one.
    """
    from omegaconf import OmegaConf

    from truescore.config import check

    if not any(override.split("=")[0] in ("dataset", "+experiment") for override in overrides):
        raise UserError("got samples=FILE without a law, expected dataset=NAME or +experiment=NAME")
    config = _compose(overrides, conf)
    # The law stands alone here: whether a process would fit it does not matter.
    errors = [line for line in check(config) if line.startswith(("dataset.", "metrics.", "seed"))]
    if errors:
        raise UserError("\n".join(errors))
    return dict(OmegaConf.to_container(config, resolve=True))  # type: ignore[arg-type]


def _compose(overrides: list[str], conf: str | None = None) -> Any:
    """What ``train.py`` would compose, with one line for each override that does not fit."""
    from hydra import compose, initialize_config_dir
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    if conf is not None and not Path(conf).is_dir():
        raise UserError(f"got conf={conf}, expected a folder of configuration files: name one")
    try:
        with initialize_config_dir(str(CONF), version_base="1.3"):
            own = [f"hydra.searchpath=[file://{Path(conf).resolve()}]"] if conf else []
            return compose("train", [*own, *overrides])
    except (HydraException, OmegaConfBaseException) as error:
        lines = _diagnosis(overrides, conf) or [" ".join(str(error).split())]
        raise UserError("\n".join(lines)) from error


def _diagnosis(overrides: list[str], conf: str | None) -> list[str]:
    """A line for each override that is at fault; none if the files themselves are."""
    from hydra.errors import HydraException
    from hydra.types import RunMode
    from omegaconf.errors import OmegaConfBaseException

    from truescore.cli import config_loader
    from truescore.config.overrides import override_errors

    try:
        return list(override_errors(config_loader(CONF, conf), overrides, RunMode.RUN).values())
    except (HydraException, OmegaConfBaseException):
        return []
