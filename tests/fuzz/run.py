"""Fuzz one target in this process: `python -m tests.fuzz.run TARGET FOLDER [OPTIONS of libFuzzer]`. Never returns."""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["cellblock_service", "cellblock_sandbox"]):
    from .targets import SEEDS, TARGETS


def main(name: str, folder: Path, options: list[str]) -> None:
    """Begin with the seeds."""
    for number, seed in enumerate(SEEDS):
        (folder / f"seed-{number}").write_bytes(seed)
    atheris.Setup([sys.argv[0], str(folder), *options], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
