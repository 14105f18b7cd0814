"""The rooms and who may import whom, as design and pyproject.toml have it."""

from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports


def test_import_directions_hold():
    assert lint_imports(config_filename="pyproject.toml", no_cache=True) == EXIT_STATUS_SUCCESS
