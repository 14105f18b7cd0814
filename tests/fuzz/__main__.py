"""Damaged input by the million, guided by coverage: `python -m tests.fuzz [SECONDS]`, or `make fuzz`. Needs atheris.

Each target runs in a process of its own for SECONDS (two minutes), from the inputs that the tests know. What a target
lets escape beside the refusals it may give ends the run with exit code 1, and the input is in the folder that is named.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path

from cellblock_service.cli.output import say

from .targets import TARGETS

SECONDS = 120
MEMORY_MB = 2048
SLOW_S = 10


def main(seconds: int = SECONDS) -> int:
    """Fuzz every target in turn."""
    if importlib.util.find_spec("atheris") is None:
        say("fuzz: nothing was tried, atheris isn't installed (there is no wheel of it for every Python and machine)")
        return 1
    failed = []
    for name in TARGETS:
        folder = Path(tempfile.mkdtemp(prefix=f"cellblock-fuzz-{name}-"))
        say(f"fuzz: {name} for {seconds} s, in {folder}")
        limits = [f"-max_total_time={seconds}", f"-rss_limit_mb={MEMORY_MB}", f"-timeout={SLOW_S}", "-max_len=65536"]
        command = [sys.executable, "-m", "tests.fuzz.run", name, str(folder), f"-artifact_prefix={folder}/", *limits]
        if subprocess.run([*command, "-print_final_stats=1"], check=False).returncode:
            failed.append(f"{name} ({folder})")
    say(f"fuzz: failed: {', '.join(failed)}" if failed else f"fuzz: {len(TARGETS)} targets, nothing found")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
