"""The two targets, built and mounted once, and the figures that were measured, shown at the end."""

import os
import shutil
from pathlib import Path

import pytest
from building import Builder
from running import Root, Service

FIGURES = pytest.StashKey[list[tuple[str, str]]]()


def pytest_configure(config):
    config.stash[FIGURES] = []


def pytest_terminal_summary(terminalreporter, config):
    terminalreporter.section("the container, measured")
    for what, value in config.stash[FIGURES]:
        terminalreporter.write_line(f"{what:<44}{value:>12}")


@pytest.fixture(scope="session")
def figure(request):
    """Note a figure to show."""
    return lambda what, value: request.config.stash[FIGURES].append((what, value))


@pytest.fixture(scope="session")
def builder():
    made = Builder()
    made.prune()
    yield made
    made.prune()


@pytest.fixture(scope="session", params=["slim", "full"])
def root(request, builder):
    """The root of a target, as it was built."""
    image = builder.build(request.param)
    container, path = builder.mount(image)
    builder.keep(request.param, path)
    made = Root(path, builder.config(image))
    made.target = request.param
    yield made
    builder.remove(container)


@pytest.fixture(scope="session")
def node_red_root(builder):
    """The root of Node-RED's image."""
    image = builder.build_node_red()
    container, path = builder.mount(image)
    yield Root(path, builder.config(image), volume="/data")
    builder.remove(container)


@pytest.fixture
def volume(tmp_path):
    """Make an empty volume for a user."""

    def make(name, uid, gid):
        folder = tmp_path / name
        folder.mkdir()
        os.chown(folder, uid, gid)
        for above in folder.parents:
            if above != Path("/"):
                above.chmod(above.stat().st_mode | 0o011)
        return folder

    return make


@pytest.fixture
def home(volume):
    """An empty volume of the container's user."""
    folder = volume("home", 10001, 10001)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def start(root, home, tmp_path):
    """Start the container, as often as a test likes."""
    started = []

    def start():
        started.append(Service(root, home, tmp_path / "log"))
        return started[-1]

    yield start
    for service in started:
        service.end()
