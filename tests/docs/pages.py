"""A page of ``docs/`` as files, code and commands."""

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import truescore

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = Path(truescore.__file__).resolve().parents[1]
BLOCK = re.compile(
    r"(?:^`(?P<file>[^`\n]+)`\n\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.M | re.S
)


@dataclass(frozen=True)
class Block:
    """A fenced block; ``file`` is what stands in backquotes on a line of its own above it."""

    file: str | None
    language: str
    text: str


def blocks(page: str) -> list[Block]:
    """The blocks of a page, in their order."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return [Block(**found.groupdict()) for found in BLOCK.finditer(text)]


def commands(page: str, language: str = "bash") -> list[str]:
    """The command lines of a page, continued lines joined."""
    text = "\n".join(b.text for b in blocks(page) if b.language == language and b.file is None)
    return [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]


def run(command: str, folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Run a page's command in a folder, as if it were the root of the repository.

    Args:
        command: ``[NAME=VALUE ...] python SCRIPT ARGUMENTS``.
        folder: where it runs.
        more: further arguments.
    """
    words = shlex.split(command)
    environment = dict(os.environ)
    while "=" in words[0]:
        name, _, value = words.pop(0).partition("=")
        environment[name] = value
    path = [environment.get("PYTHONPATH", ""), str(PACKAGE)]
    environment["PYTHONPATH"] = os.pathsep.join(part for part in path if part)
    python, script, *arguments = words
    assert python == "python"
    whole = [sys.executable, str(ROOT / script), *arguments, *more]
    return subprocess.run(
        whole, cwd=folder, env=environment, capture_output=True, text=True, timeout=280
    )
