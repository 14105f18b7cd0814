"""`cellblock bench`: the measurements themselves are in `cellblock_service.bench`."""

from __future__ import annotations

import argparse

from cellblock_service.bench import run as measure


def run(options: argparse.Namespace) -> int:
    """Measure, print the report, and write it where asked."""
    return measure(options.json, options.readme, scaled=options.scaling, builds_too=options.builds, only=options.only)
