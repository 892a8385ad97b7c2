"""Files that every part of a run knows by name, without torch."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

CONFIG, SUMMARY, FAILED_FILE = "config.yaml", "summary.json", "failed.json"
CHECKPOINTS = "checkpoints"


def write_json(file: Path, content: dict[str, Any]) -> None:
    """Write a file of plain values so that it is either whole or not there."""
    handle, partial = tempfile.mkstemp(dir=file.parent, prefix=file.name)
    with os.fdopen(handle, "w") as stream:
        json.dump(content, stream, indent=2, allow_nan=False)
        stream.write("\n")
    os.chmod(partial, 0o644)
    os.replace(partial, file)
