"""A person at the editor: drag, wire, type Python, deploy, inject, read the debug sidebar; in headless Chromium."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
EMPTY_FLOW = [{"id": "tab", "type": "tab", "label": "Flow 1"}]
SETTINGS = HERE / "editor_settings.cjs"


def play(node: str, script: str, url: str, folder: Path) -> dict[str, Any]:
    """Run a script of this folder at a Node-RED; give what it saw."""
    done = subprocess.run(
        [node, str(HERE / script), url, str(folder)], capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == 0, f"{done.stderr}\nscreenshots: {folder}"
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


@pytest.fixture
def session(node, chromium, start_node_red, service_url, tmp_path) -> dict[str, Any]:
    """Give what the session in build_flow.mjs saw. Its screenshots are in the test's folder."""
    node_red = start_node_red(EMPTY_FLOW, service_url)
    return play(node, "build_flow.mjs", node_red.url, tmp_path)


def test_a_flow_is_built_by_hand_and_runs(session):
    assert session["result"] == '"total of 3 is 6"'
    assert session["status"].endswith("ms")
    assert "ZeroDivisionError" in session["error"]
    assert "division by zero (line 2" in session["error"]
    assert session["errorStatus"] == "ZeroDivisionError"
    assert session["counted"] == ['"counted to 1"', "1", '"counted to 2"', "2"]
    assert session["tooManyOutputs"] == "invalid"
    assert session["outsideRequests"] == [], "the editor reached out to another host"


@pytest.fixture
def written(node, chromium, start_node_red, own_service, tmp_path) -> dict[str, Any]:
    """Give what the session in edit_block.mjs saw, the service stopped and started when it asked for that."""
    own_service.start()
    node_red = start_node_red(EMPTY_FLOW, own_service.url)
    command = [node, str(HERE / "edit_block.mjs"), node_red.url, str(tmp_path)]
    log = tmp_path / "editor.log"
    with (
        log.open("w") as errors,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True) as script,
    ):
        assert script.stdin is not None
        assert script.stdout is not None
        for line in script.stdout:
            if line.startswith("{"):
                seen: dict[str, Any] = json.loads(line)
                return seen
            {"stop": own_service.stop, "start": own_service.start}[line.strip()]()
            script.stdin.write("done\n")
            script.stdin.flush()
    pytest.fail(f"{log.read_text()}\nscreenshots: {tmp_path}")


def test_a_block_is_written_run_and_deployed_while_the_service_comes_and_goes(written, record_property):
    # Told, not held to: how long a person waits depends on what else this machine does. 300 and 400 ms are promised.
    record_property("milliseconds to open a block", written["opening"])
    record_property("milliseconds from a key to its marker", written["marking"])
    assert "undefined name 'wrongs'" in written["problem"]
    assert written["triangle"]
    assert written["names"][0] == "data", "what the block is given comes first"
    assert "DataFrame" in written["members"]
    assert written["completed"] == "pd.DataFramex"
    assert "print" in written["hover"]

    assert [text.split("\n")[0] for text in written["header"]] == ["station", "mean", "max"]
    assert written["cells"] == ["08188500", "1.625", "1.75", "08188800", "0.4", "0.4"]
    assert written["printed"].strip() == "<b>bold</b> 3"
    assert written["htmlInOutput"] == 0
    assert written["tree"] == "[ object, object ]"
    for way, found in written["markup"].items():
        assert "<script>window.markupRan" in found["shown"], way
        assert found["elements"] == 0, way
    assert written["markup"].keys() == {"printed", "table", "tree", "failure"}
    assert written["markupRan"] == 0
    assert written["pictureWidth"] > 100
    assert "ZeroDivisionError: division by zero" in written["failure"]
    assert written["cursorAt"] == 3
    assert written["printedLive"]
    assert "cancelled" in written["cancelled"]
    assert "deploy first" in written["contextBeforeDeploy"]

    assert written["large"] == "[ object, object, object ]"
    assert written["afterLarge"].replace("\xa0", " ") == "return data"

    saved = written["saved"]
    assert saved["outputs"] == 3
    assert saved["printOutput"] is True
    assert saved["memory"] == "512"
    assert saved["packages"] == ["more-itertools>=10"]
    assert saved["secretNames"] == ["KEY"]
    assert saved["mode"] == "join"
    upper, lower = written["sourceIds"]
    assert saved["sources"] == [{"id": lower, "name": "lower"}, {"id": upper, "name": "upper"}]
    assert saved["initialize"] == "count = 0"
    assert "hush" not in json.dumps(saved)
    assert written["keptNames"] == 0, "On Start binds the name"
    assert written["keptRun"] == "1"
    assert written["secretShown"] == "__PWRD__"
    assert written["secretInRun"] == '"hush"'
    assert written["fewerOutputs"] == 2

    assert "can't be reached" in written["brokenRun"]
    assert written["repairedRun"] == '"works again"'
    assert written["found"] >= 1
    assert written["library"] == 200
    assert written["errors"] == []
    assert written["outsideRequests"] == [], "the editor reached out to another host"


def check_seen(seen: dict[str, Any]) -> None:
    assert "Line 2: undefined name 'tota'" in seen["problem"]
    assert seen["cells"][:3] == ["0", "08188500", "1.5"]
    assert seen["code"].startswith("import pandas as pd")
    assert seen["byKeys"] == '"by keys"'
    assert seen["errors"] == []


def test_the_ace_editor(node, chromium, start_node_red, service_url, tmp_path):
    node_red = start_node_red(EMPTY_FLOW, service_url, settings=SETTINGS, EDITOR_LIB="ace")
    seen = play(node, "other_editors.mjs", node_red.url, tmp_path)
    check_seen(seen)
    assert seen["underlined"] == 1
    assert seen["annotations"] == 1
    assert "total" in seen["completions"]


def test_a_dark_theme(node, chromium, start_node_red, service_url, tmp_path):
    dark = {"EDITOR_THEME": "vs-dark", "EDITOR_CSS": str(HERE / "dark.css")}
    node_red = start_node_red(EMPTY_FLOW, service_url, settings=SETTINGS, **dark)
    seen = play(node, "other_editors.mjs", node_red.url, tmp_path)
    check_seen(seen)
    assert seen["underlined"] == 1
    low = {place: ratio for place, ratio in seen["contrasts"].items() if ratio < 4}
    assert not low, f"hard to read: {low}"


def test_the_basic_editor_of_node_red_5(node, chromium, node_red_5, start_node_red, service_url, tmp_path):
    """Which 4.1 doesn't have."""
    node_red = start_node_red(EMPTY_FLOW, service_url, settings=SETTINGS, EDITOR_LIB="basic", **node_red_5)
    check_seen(play(node, "other_editors.mjs", node_red.url, tmp_path))


def test_a_block_goes_into_the_library_and_comes_out_of_it(node, chromium, start_node_red, service_url, tmp_path):
    node_red = start_node_red(EMPTY_FLOW, service_url)
    seen = play(node, "library.mjs", node_red.url, tmp_path)
    blocks = {each["id"]: each for each in seen["flows"]}
    for name, text in (
        ("name", "running total"),
        ("code", "total = sum(data)\nreturn total"),
        ("initialize", "import math"),
        ("finalize", ""),
        ("outputs", 4),
        ("printOutput", True),
        ("errorOutput", True),
        ("keepState", True),
        ("mode", "item"),
        ("itemsAs", "messages"),
        ("timeout", "7"),
        ("memory", "512"),
        ("packages", ["more-itertools>=10"]),
    ):
        assert (blocks[seen["saved"]][name], blocks[seen["loaded"]][name]) == (text, text)
    assert seen["errors"] == []


def test_an_older_block_keeps_its_settings_and_a_copied_one_its_sources(
    node, chromium, start_node_red, service_url, tmp_path
):
    old = {
        "id": "old", "type": "code-block", "z": "tab", "service": "", "name": "old", "language": "python",
        "code": "return data", "outputs": 2, "timeout": "5", "order": "in-order", "keepState": True,
        "frames": "columns", "arrays": "typed", "x": 400, "y": 100, "wires": [["out"], []],
    }  # fmt: skip
    sources = [{"id": "b", "name": "rain"}, {"id": "a", "name": "level"}]
    joining = {
        **old, "id": "joining", "name": "joining", "keepState": False, "mode": "join", "sources": sources,
        "x": 400, "y": 300, "wires": [[], []],
    }  # fmt: skip
    flow = [
        *EMPTY_FLOW,
        {"id": "a", "type": "change", "z": "tab", "name": "level", "x": 200, "y": 300, "wires": [["joining"]]},
        {"id": "b", "type": "change", "z": "tab", "name": "rain", "x": 200, "y": 360, "wires": [["joining"]]},
        {"id": "out", "type": "debug", "z": "tab", "x": 600, "y": 100, "wires": []},
        old,
        joining,
    ]
    node_red = start_node_red(flow, service_url)
    seen = play(node, "old_flow.mjs", node_red.url, tmp_path)
    deployed = {each["id"]: each for each in seen["flows"]}
    assert {name: deployed["old"][name] for name in old} == old
    assert deployed["old"]["mode"] == "message"
    [copy] = [each for each in seen["flows"] if each.get("name") == "joining" and each["id"] != "joining"]
    upstream = {each["id"]: each["name"] for each in seen["flows"] if [copy["id"]] in each.get("wires", [])}
    assert [(upstream.get(source["id"]), source["name"]) for source in copy["sources"]] == [
        ("rain", "rain"),
        ("level", "level"),
    ]
    assert seen["errors"] == []


def test_a_block_in_a_subflow_is_set_up(node, chromium, start_node_red, service_url, tmp_path):
    flow = [
        *EMPTY_FLOW,
        {"id": "sub", "type": "subflow", "name": "sub", "in": [{"x": 60, "y": 140, "wires": [{"id": "inner"}]}],
         "out": [{"x": 600, "y": 140, "wires": [{"id": "inner", "port": 0}]}]},
        {"id": "clock", "type": "inject", "z": "sub", "name": "clock", "props": [], "repeat": "",
         "x": 140, "y": 240, "wires": [["inner"]]},
        {"id": "inner", "type": "code-block", "z": "sub", "name": "inner", "code": "return data", "outputs": 1,
         "timeout": 30, "x": 340, "y": 140, "wires": [[]]},
    ]  # fmt: skip
    node_red = start_node_red(flow, service_url)
    seen = play(node, "subflow.mjs", node_red.url, tmp_path)
    assert seen["sources"] == ["clock"], "what is outside of the subflow is no source"
    [inner] = [each for each in seen["flows"] if each["id"] == "inner"]
    assert inner["outputs"] == 3
    assert seen["errors"] == []


def test_sources_are_picked_behind_junctions_links_and_other_nodes(
    node, chromium, start_node_red, service_url, tmp_path
):
    def sensor(name: str, y: int, to: str) -> dict[str, object]:
        props = [{"p": "payload"}]
        return {"id": name, "type": "inject", "z": "tab", "name": name, "props": props, "payload": name,
                "payloadType": "str", "repeat": "", "x": 120, "y": y, "wires": [[to]]}  # fmt: skip

    flow = [
        *EMPTY_FLOW,
        {"id": "block", "type": "code-block", "z": "tab", "name": "joining", "code": "return '+'.join(data)",
         "outputs": 1, "timeout": 30, "x": 560, "y": 140, "wires": [["out"]]},
        {"id": "out", "type": "debug", "z": "tab", "x": 760, "y": 140, "wires": []},
        {"id": "scale", "type": "change", "z": "tab", "name": "scale", "rules": [], "x": 340, "y": 280,
         "wires": [["block"]]},
        {"id": "j", "type": "junction", "z": "tab", "x": 260, "y": 100, "wires": [["k"]]},
        {"id": "k", "type": "junction", "z": "tab", "x": 340, "y": 100, "wires": [["block"]]},
        {"id": "li", "type": "link in", "z": "tab", "links": ["lo"], "x": 360, "y": 200, "wires": [["block"]]},
        {"id": "lo", "type": "link out", "z": "tab", "mode": "link", "links": ["li"], "x": 280, "y": 220, "wires": []},
        sensor("gauge", 80, "j"), sensor("rain", 120, "j"), sensor("wind", 220, "lo"), sensor("sun", 280, "scale"),
    ]  # fmt: skip
    node_red = start_node_red(flow, service_url)
    seen = play(node, "sources.mjs", node_red.url, tmp_path)
    assert seen["offered"] == ["gauge", "rain", "wind", "scale", "sun"], "the nearest first, no junction and no link"
    assert seen["triangles"] == 0
    assert seen["joined"] == '"gauge+rain+wind+sun"'
    [copy] = [each for each in seen["flows"] if each.get("name") == "joining" and each["id"] != "block"]
    names = {each["id"]: each["name"] for each in seen["flows"] if each["type"] == "inject"}
    assert [names[source["id"]] for source in copy["sources"]] == ["gauge", "rain", "wind", "sun"]
    assert not {source["id"] for source in copy["sources"]} & {"gauge", "rain", "wind", "sun"}
    assert seen["errors"] == []


def test_packages_are_found_picked_and_built(node, chromium, start_node_red, service_url, tmp_path):
    node_red = start_node_red(EMPTY_FLOW, service_url)
    seen = play(node, "packages.mjs", node_red.url, tmp_path)
    [found] = seen["found"]
    name, version, origin = found.split("\n")
    assert (name, origin) == ("more-itertools", "in the Python distribution")
    assert version[0].isdigit()
    assert seen["selected"] == "more-itertools"
    assert seen["picked"] == ["more-itertools"]
    assert seen["hint"] == f"any version, now {version}"
    assert seen["closed"]
    assert "no package 'more-itertoolz'" in seen["none"]
    assert seen["none"].count("more-itertools") == 1, "the nearest name, told once"
    queued, *building, running, ready = seen["progress"]
    assert (queued, running, ready) == ("queued", "running", "ready")
    assert any("Building an image" in text for text in building)
    assert seen["built"] == "ready"
    assert seen["errors"] == []


def block(name: str, code: str, **more: object) -> dict[str, object]:
    """Give a block with what the editor demands."""
    plain = {"type": "code-block", "z": "tab", "code": code, "outputs": 1, "timeout": 5, "wires": [[]]}
    return {**plain, "id": name, "name": name, "x": 500, "y": 100, **more}


def test_run_takes_the_last_message(node, chromium, start_node_red, service_url, tmp_path):
    plain = {"type": "inject", "z": "tab", "props": [{"p": "payload"}], "repeat": "", "x": 140}
    sources = [{"id": "few", "name": "few"}, {"id": "other", "name": "other"}]
    flow = [
        *EMPTY_FLOW,
        {**plain, "id": "few", "name": "few", "payload": "[1, 2, 3]", "payloadType": "json", "y": 60,
         "wires": [["block", "joining"]]},
        {**plain, "id": "much", "name": "much", "payload": "$pad('', 400000, 'x')", "payloadType": "jsonata", "y": 120,
         "wires": [["block"]]},
        {**plain, "id": "other", "name": "other", "payload": "4", "payloadType": "num", "y": 200,
         "wires": [["joining"]]},
        block("block", "return sum(data)"),
        block("joining", "return sum(data[0]) * data[1]", mode="join", sources=sources, y=200),
    ]  # fmt: skip
    node_red = start_node_red(flow, service_url)
    seen = play(node, "last_message.mjs", node_red.url, tmp_path)
    assert not seen["pencilBefore"]
    assert seen["type"] == "last message"
    assert seen["time"] in seen["times"]
    assert (seen["value"], seen["changed"], seen["again"]) == ("6", "42", "6")
    assert seen["message"]["payload"] == [1, 2, 3]
    *phases, limit = seen["timings"].split(" · ")
    assert [each.rsplit(" ", 2)[0] for each in phases][-2:] == ["run", "in all"]
    assert all(each.endswith((" ms", " s")) for each in phases)
    assert limit == "limit 5 s, 1024 MiB", "the service's own"
    assert not seen["pencilOfLarge"]
    assert "too large to be kept: paste a smaller one" in seen["large"]
    assert seen["joined"] == "24", "the last message of each source"
    assert seen["errors"] == []


def test_the_red_triangle_comes_and_goes(node, chromium, start_node_red, service_url, tmp_path):
    flow = [*EMPTY_FLOW, block("wrong", "return wrongs"), block("right", "return data", y=200)]
    seen = play(node, "triangle.mjs", start_node_red(flow, service_url).url, tmp_path)
    assert (seen["ofRight"], seen["ofMended"]) == (0, 0)
    assert seen["errors"] == []


def test_a_new_service_is_started_here(node, chromium, start_node_red, service_url, tmp_path):
    seen = play(node, "new_service.mjs", start_node_red(EMPTY_FLOW, service_url).url, tmp_path)
    assert [seen[each] for each in ("fresh", "elsewhere", "here", "switchedOff")] == [True, False, True, False]
    assert seen["saved"] == [{"start": True, "valid": True}]
    assert seen["errors"] == []
