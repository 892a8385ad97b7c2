"""All that is wrong with a composed configuration, found in one pass and without torch."""

import json
from collections.abc import Mapping
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from omegaconf import DictConfig, ListConfig
from omegaconf.errors import InterpolationResolutionError, MissingMandatoryValue
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from truescore.config.pairing import pairing_errors
from truescore.config.physics import physics_errors
from truescore.config.processes import process_errors
from truescore.config.schema import SCHEMAS, Run, schema_of
from truescore.errors import either

TYPES = {
    int: "an integer",
    float: "a number",
    bool: "true or false",
    str: "a text",
    dict: "a group of keys",
}
BOUNDS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
OF_A_TORUS = ("model.net.rows: Interpolation", "model.net.columns: Interpolation")
ADDED_GROUPS = ("experiment", "study", "debug")


def check(config: DictConfig) -> list[str]:
    """One line per error: the key, what it got, what is expected. Empty if the run can start."""
    plain, lines = section_errors(config, Run, SCHEMAS)
    if all(isinstance(plain.get(section), dict) for section in SCHEMAS):
        if "rows" not in plain["dataset"]:
            # The network of a torus takes them from there; which law it needs is told below.
            lines = [line for line in lines if not line.startswith(OF_A_TORUS)]
        lines += pairing_errors(plain)
        # What values allow together can be told only of values that are right by themselves.
        if not any(line.startswith("dataset.") for line in lines):
            lines += physics_errors(plain["dataset"])
        if not any(line.startswith(("dataset.batch_size", "trainer.")) for line in lines):
            lines += process_errors(plain)
    return lines


def section_errors(
    config: DictConfig,
    root: type[BaseModel],
    schemas: Mapping[str, Mapping[str | None, type[BaseModel]]],
) -> tuple[dict[str, Any], list[str]]:
    """A configuration as plain values, and what is wrong with each key of it on its own.

    Args:
        config: composed configuration.
        root: the keys outside every section, and which sections there must be.
        schemas: section -> the schema of each known name; None stands for every other name.
    """
    plain, unresolved = resolve(config)
    found = _errors_of(root, plain, "")
    for section, known in schemas.items():
        value = plain.get(section)
        if isinstance(value, dict):
            found |= _errors_of(schema_of(known, value.get("name")), value, section)
    # A key that does not resolve is reported once, and not as missing too.
    return plain, list((found | unresolved).values())


def resolve(config: DictConfig) -> tuple[dict[str, Any], dict[str, str]]:
    """A configuration as plain values, and an error for each key that has none."""
    errors: dict[str, str] = {}

    def walk(node: Any, path: str) -> Any:
        if isinstance(node, ListConfig):
            return [walk(item, path) for item in node]
        if not isinstance(node, DictConfig):
            return node
        plain = {}
        for key in node:
            where = f"{path}.{key}" if path else str(key)
            if where == "hydra":
                continue
            try:
                plain[key] = walk(node[key], where)
            except MissingMandatoryValue:
                errors[where] = f"{where}: has no value yet (???); set {where}=VALUE"
            except InterpolationResolutionError as error:
                errors[where] = f"{where}: {str(error).splitlines()[0]}; set {where}=VALUE"
        return plain

    return walk(config, ""), errors


def _errors_of(schema: type[BaseModel], value: dict[str, Any], section: str) -> dict[str, str]:
    try:
        schema.model_validate(value)
    except ValidationError as error:
        return dict(_line(schema, item, section) for item in error.errors(include_url=False))
    return {}


def _line(schema: type[BaseModel], error: Any, section: str) -> tuple[str, str]:
    """The key of one of pydantic's errors, and the line that tells it."""
    # A list has no keys: what is wrong with one of its entries is told of the list.
    loc = tuple(part for part in error["loc"] if not isinstance(part, int))
    owner, field = _find(schema, loc)
    key = ".".join(str(part) for part in (section, *loc) if part != "")
    parent = key.rpartition(".")[0]
    if field is None:
        keys = [info.alias or name for name, info in owner.model_fields.items()]
        return key, f"{key}: no such key{_hint(str(loc[-1]), keys, parent)}"
    if error["type"] == "missing":
        return key, f"{key}: missing, expected {allowed(field)}"
    own_words = error.get("ctx", {}).get("error")
    return key, f"{key}: got {_shown(error)}, expected {own_words or allowed(field)}"


def _find(
    schema: type[BaseModel], loc: tuple[str | int, ...]
) -> tuple[type[BaseModel], FieldInfo | None]:
    """The class that holds the key at `loc`, and the key's field if it has one."""
    field = None
    for depth, part in enumerate(loc):
        fields = {info.alias or name: info for name, info in schema.model_fields.items()}
        field = fields.get(str(part))
        annotation = _group(field.annotation) if field else None
        if depth + 1 < len(loc) and isinstance(annotation, type):
            if not issubclass(annotation, BaseModel):
                break
            schema = annotation
    return schema, field


def _group(annotation: Any) -> Any:
    """The class of a group of keys that may be null."""
    groups = [a for a in get_args(annotation) if isinstance(a, type) and issubclass(a, BaseModel)]
    return groups[0] if groups else annotation


def _hint(key: str, keys: list[str], parent: str) -> str:
    prefix = f"{parent}." if parent else ""
    if not parent and (group := get_close_matches(key, ADDED_GROUPS, n=1)):
        return f"; did you mean +{group[0]}=NAME?"
    close = get_close_matches(key, keys, n=1)
    meant = f"; did you mean {prefix}{close[0]}?" if close else ""
    return f"{meant} (keys here: {', '.join(keys)})"


def allowed(field: FieldInfo) -> str:
    """What a field takes, in words: ``an integer >= 3``."""
    return field.description or _words(field.annotation, field.metadata)


def _words(annotation: Any, metadata: list[Any]) -> str:
    return either(_choices(annotation, metadata))


def _choices(annotation: Any, metadata: list[Any]) -> list[str]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return [word for argument in arguments for word in _choices(argument, metadata)]
    if origin is Literal:
        return [str(value) for value in arguments]
    return [_kind(annotation, metadata)]


def _kind(annotation: Any, metadata: list[Any]) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        inner = [m for info in arguments[1:] for m in getattr(info, "metadata", [info])]
        return _words(arguments[0], inner)
    if origin is list:
        return f"a list, each {_words(arguments[0], [])}"
    if annotation is type(None):
        return "null"
    bounds = [
        f"{sign} {getattr(bound, name)}"
        for bound in metadata
        for name, sign in BOUNDS.items()
        if getattr(bound, name, None) is not None
    ]
    what = TYPES.get(annotation, "a group of keys")
    return f"{what} {' and '.join(bounds)}".strip()


def _shown(error: Any) -> str:
    """The value as YAML has it; a float where an integer belongs says how it should be written."""
    value = error["input"]
    text = json.dumps(value, default=str) if not isinstance(value, str) else repr(value)
    whole = isinstance(value, float) and value.is_integer() and error["type"].startswith("int")
    return f"{text} (a float; write {int(value)})" if whole else text
