"""The rooms and who may import whom, as design and pyproject.toml have it."""

import subprocess
import sys
from pathlib import Path


def test_import_directions_hold():
    # In a process of its own: it configures logging, and disables every logger there is.
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    root = Path(__file__).parents[2]
    outcome = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stdout
