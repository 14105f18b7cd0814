"""The memory of the soak as a picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("agg")
from matplotlib import pyplot as plt


def plot(samples: Sequence[Any], endings: Counter[str], path: Path) -> None:
    """Draw the memory of service and workers against the executions that have ended."""
    figure, axes = plt.subplots(figsize=(9, 4.5))
    done = [each.executions for each in samples]
    axes.plot(done, [each.service for each in samples], label="service")
    axes.plot(done, [each.workers for each in samples], label="two workers")
    axes.set_xlabel("executions that have ended")
    axes.set_ylabel("memory of their own, MB")
    axes.set_ylim(bottom=0)
    axes.set_xlim(left=0)
    ended = ", ".join(f"{count:,} {status}" for status, count in endings.most_common())
    axes.set_title(f"{sum(endings.values()):,} executions in {samples[-1].seconds:.0f} s: {ended}", fontsize=10)
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=100)
