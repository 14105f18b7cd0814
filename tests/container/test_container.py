"""The container as it is built by docker/Dockerfile: what is in it, how it runs, how large and how quick it is.

`docker/test` runs this; it takes minutes, and isn't part of `make test`.
"""

import json
import os
import signal
import subprocess
import threading
from importlib import metadata
from pathlib import Path
from urllib.request import Request, urlopen

from building import NODES, REVISION
from cellblock_service.bench.serving import free_port
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from running import TOKEN

MOST_BYTES = {"slim": 450_000_000, "full": 900_000_000}
PANDAS = "import pandas as pd\nreturn int(pd.DataFrame({'a': data}).a.sum())"
TOOLS = ("node", "npm", "gcc", "cc", "ld", "as", "make", "perl", "apt", "apt-get", "git", "curl", "wget")


def size(folder: Path) -> int:
    """The bytes of all files, each once however many names it has."""
    found = {}
    for path, _, files in os.walk(folder):
        for each in files:
            told = os.lstat(os.path.join(path, each))
            found[told.st_ino] = told.st_size
    return sum(found.values())


def test_it_is_small(root, figure):
    bytes_ = size(root.path)
    figure(f"{root.target}: size", f"{bytes_ / 1e6:,.0f} MB")
    for part in ("opt/baked/bundles", "opt/baked/images", "opt/cellblock", "usr"):
        figure(f"{root.target}: of it /{part}", f"{size(root.path / part) / 1e6:,.0f} MB")
    assert bytes_ < MOST_BYTES[root.target]


def test_it_holds_nothing_that_builds(root):
    folders = [
        root.path / place for place in ("bin", "sbin", "usr/bin", "usr/sbin", "usr/local/bin", "opt/cellblock/bin")
    ]
    assert [tool for tool in TOOLS for folder in folders if (folder / tool).exists()] == []


def test_it_says_what_it_is(root):
    labels = root.config["Labels"]
    assert labels["org.opencontainers.image.title"] == "Cellblock"
    assert labels["org.opencontainers.image.version"] == metadata.version("cellblock")
    assert labels["org.opencontainers.image.revision"] == REVISION
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert root.config["User"] == "10001:10001"
    assert root.config["StopSignal"] == "SIGTERM"
    # Nothing of the machine that built it.
    assert {*root.environment} <= {"PATH", "PYTHONDONTWRITEBYTECODE", "GLIBC_TUNABLES"} | {
        name for name in root.environment if name.startswith("CELLBLOCK_")
    }


def test_its_bill_of_materials(root):
    text = (root.path / "opt/baked/sbom.cdx.json").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    listed = {(room(each), each["name"], each["version"]) for each in json.loads(text)["components"]}
    packages = next((root.path / "opt/cellblock/lib").glob("python3*/site-packages"))
    there = {("service", each.name, each.version) for each in metadata.distributions(path=[str(packages)])}
    asked = [
        "dpkg-query",
        f"--admindir={root.path}/var/lib/dpkg",
        "--show",
        "--showformat=${Package} ${Version} ${db:Status-Status}\n",
    ]
    lines = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines()
    there |= {("system", *line.split()[:2]) for line in lines if line.endswith(" installed")}
    wheels = [path.name.split("-") for path in root.path.glob("opt/baked/bundles/*/wheels/*.whl")]
    there |= {("blocks", name, version) for name, version, *_ in wheels}
    assert len(there) > 100
    assert there <= listed


def room(component):
    return next(each["value"] for each in component["properties"] if each["name"] == "cellblock:room")


def test_it_is_ready_and_ends_as_often_as_it_is_started(root, start, figure):
    """How soon is noted and not judged: it is the machine's doing as much as ours."""
    times = []
    for _ in range(5):
        service = start()
        times.append(service.ready_s)
        service.end()
        assert service.process.returncode == 0
    figure(f"{root.target}: start to ready, an empty volume", f"{times[0]:.2f} s")
    figure(f"{root.target}: start to ready, median of the next 4", f"{sorted(times[1:])[1]:.2f} s")


def test_it_runs_without_privileges(start):
    status = start().status()
    assert {*status["Uid"].split(), *status["Gid"].split()} == {"10001"}
    assert {int(status[each], 16) for each in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
    assert status["NoNewPrivs"] == "1"


def test_only_home_and_scratch_can_be_written(root, home):
    places = "/ /usr /etc /opt/cellblock /opt/baked /var /tmp /var/lib/cellblock"
    script = f"for place in {places}; do touch $place/x && echo $place; done"
    done = root.run("sh", "-c", script, home=home)
    assert done.stdout.split() == ["/tmp", "/var/lib/cellblock"]


def test_the_images_core_and_data_are_baked_in(root):
    images = root.path / "opt/baked/images"
    baked = {each.name: images / each.read_text().strip() for each in (images / "by-name").iterdir()}
    assert {*baked} == {"core", "data"}
    assert {each.parent for each in images.glob("*/manifest.json")} == {*baked.values()}


def test_what_is_baked_in_is_whole_and_the_command_works(root, home):
    script = "entrypoint bundle verify && entrypoint image verify"
    done = root.run("sh", "-c", script, home=home)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {line.rpartition(" ")[2] for line in done.stdout.splitlines()} == {"ok"}
    code = "import pandas as pd; return pd.DataFrame({'a': [1, 2, 3]})"
    done = root.run("entrypoint", "exec", "-c", code, home=home)
    assert done.stdout.strip() == '[{"a":1},{"a":2},{"a":3}]', done.stderr


def test_without_a_token_it_does_not_serve(root, home):
    done = root.run(*root.config["Entrypoint"], *root.config["Cmd"], home=home)
    assert done.returncode == 2
    assert "CELLBLOCK_TOKEN" in done.stderr


def test_a_home_that_can_not_be_written_is_named(root):
    done = root.run(*root.config["Entrypoint"], *root.config["Cmd"], CELLBLOCK_TOKEN=TOKEN)
    assert done.returncode == 4
    assert "/var/lib/cellblock can't be written to by user 10001" in done.stderr


def test_its_healthcheck(root, start):
    _, *command = root.config["Healthcheck"]["Test"]
    assert root.run(*command, CELLBLOCK_PORT=str(start().port)).returncode == 0
    assert root.run(*command, CELLBLOCK_PORT=str(free_port())).returncode == 1


def test_a_volume_outlives_what_an_older_container_had_baked_in(start, home):
    older = home / "images/0123456789abcdef"
    older.parent.mkdir()
    os.chown(older.parent, 10001, 10001)
    older.symlink_to("/opt/baked/images/0123456789abcdef")
    assert start().execute(PANDAS, data=[1, 2, 3])["result"] == 6
    assert not older.is_symlink()


def test_blocks_import_what_the_target_has(root, start):
    status, answer = start().get("/v1/execute", {"code": "import scipy.stats\nreturn float(scipy.stats.norm.cdf(0))"})
    if root.target == "full":
        assert (status, answer["result"]) == (200, 0.5)
    else:
        # Linking takes Node, which isn't in here.
        assert (status, answer["reason"]) == (422, "binary-wheel"), answer
        assert "scipy" in answer["detail"]


def test_sigterm_lets_what_runs_end(start):
    service = start()
    answers = []
    code = "import time\nfor _ in range(20):\n    time.sleep(0.1)\nreturn 'ended by itself'"
    asking = threading.Thread(target=lambda: answers.append(service.execute(code, id="asked")))
    asking.start()
    service.wait(lambda: service.get("/v1/executions/asked")[1].get("status") == "running")
    service.terminate()
    asking.join()
    assert answers[0]["result"] == "ended by itself"
    assert service.process.wait(60) == 0


FLOW = [
    {"id": "tab", "type": "tab", "label": "sums"},
    {"id": "in", "type": "http in", "z": "tab", "url": "/sum", "method": "post", "wires": [["block"]]},
    {"id": "block", "type": "code-block", "z": "tab", "name": "sum", "code": PANDAS, "wires": [["out"]]},
    {"id": "out", "type": "http response", "z": "tab", "wires": []},
]


def prepare(folder, **settings):
    """Put the flow where a Node-RED keeps its things; gives the address that it will have."""
    port = free_port()
    settings |= {"uiHost": "127.0.0.1", "uiPort": port, "flowFile": "flows.json"}
    settings["telemetry"] = {"enabled": False, "updateNotification": False}
    (folder / "settings.js").write_text(f"module.exports = {json.dumps(settings)};\n")
    (folder / "flows.json").write_text(json.dumps(FLOW))
    return f"http://127.0.0.1:{port}"


def assert_that_it_sums(address):
    request = Request(f"{address}/sum", b"[1, 2, 39]", {"Content-Type": "application/json"})
    with urlopen(request, timeout=60) as answer:
        assert json.load(answer) == 42


def test_a_flow_runs_through_it(start, tmp_path):
    """From a Node-RED of this machine, with the nodes of this repository."""
    service, log = start(), tmp_path / "node-red.log"
    address = prepare(tmp_path, nodesDir=[str(NODES)])
    command = ["node", str(NODES / "node_modules/node-red/red.js"), "--userDir", str(tmp_path)]
    environment = os.environ | {"CELLBLOCK_URL": service.url, "CELLBLOCK_TOKEN": TOKEN}
    with log.open("wb") as output:
        node_red = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        service.wait(lambda: "Started flows" in log.read_text())
        assert_that_it_sums(address)
    finally:
        node_red.terminate()
        node_red.wait()


def test_a_flow_runs_through_it_from_the_node_red_beside_it(start, node_red_root, volume, tmp_path):
    """From the image that stands beside it in compose.yaml, into which the node was installed."""
    service, log, folder = start(), tmp_path / "node-red.log", volume("node-red", 1000, 0)
    address = prepare(folder)
    process, pid = node_red_root.start(log, folder, CELLBLOCK_URL=service.url, CELLBLOCK_TOKEN=TOKEN)
    try:
        service.wait(lambda: "Started flows" in log.read_text())
        assert_that_it_sums(address)
    finally:
        os.kill(pid, signal.SIGTERM)
        process.wait(60)
