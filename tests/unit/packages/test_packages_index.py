"""Indexes that behave, in JSON and in HTML, and ones that don't."""

from __future__ import annotations

import gzip
import hashlib
import json

import pytest
from cellblock_sandbox.errors import HashMismatch, IndexUnavailable
from cellblock_sandbox.image.packages import index as index_module
from cellblock_sandbox.image.packages.client import Client
from cellblock_sandbox.image.packages.index import Index
from cellblock_sandbox.image.progress import SilentProgress

CLOSED = "http://127.0.0.1:9/simple/"


@pytest.fixture
def ask(index, home, target):
    """Make an `Index` anew, as a later run would."""

    def make(url=None, client=None, offline=False):
        url = url or index.url
        return Index(url, target, home, client or Client(connect_s=5, read_s=5), SilentProgress(), offline)

    return make


@pytest.fixture(params=["json", "html"])
def form(request, index):
    index.json = request.param == "json"
    return request.param


def test_a_page_is_read(ask, index, form):
    index.add("demo", "1.0", entry_offers_metadata=True, entry_said={"requires-python": ">=3.8"}, requires=("attrs",))
    index.add("demo", "1.1", entry_said={"yanked": "broken"})
    index.add("demo", "1.1", tag="cp314-cp314-manylinux_2_28_x86_64")
    index.add("demo", "0.9", tag="cp314-cp314-win_amd64")
    index.add("other", "9.9")
    index.projects["demo"]["other-9.9-py3-none-any.whl"] = index.projects["other"]["other-9.9-py3-none-any.whl"]
    project = ask().project("demo")
    assert [file.version for file in project.files] == ["1.1", "1.0"]
    newest, older = project.files
    assert newest.yanked
    assert not older.yanked
    assert older.requires_python == ">=3.8"
    assert older.url.endswith("/files/demo-1.0-py3-none-any.whl")
    content = index.projects["demo"]["demo-1.0-py3-none-any.whl"].content
    assert older.file.sha256 == hashlib.sha256(content).hexdigest()
    assert project.elsewhere == {"0.9": ("windows",)}
    assert ask().project("nothing") is None


def test_of_one_version_the_best_wheel_counts(ask, index):
    binary = "cp314-cp314-pyemscripten_2026_0_wasm32"
    for tag in ("py3-none-any", binary, "cp39-abi3-pyemscripten_2026_0_wasm32"):
        index.add("demo", "1.0", tag=tag)
    index.publish("demo", f"demo-1.0-2-{binary}.whl", index.projects["demo"][f"demo-1.0-{binary}.whl"])
    assert [file.file.name for file in ask().project("demo").files] == [f"demo-1.0-2-{binary}.whl"]


def test_metadata_is_asked_for_on_its_own(ask, index, form):
    index.add("demo", "1.0", entry_offers_metadata=True, requires=("attrs>=22",))
    asked = ask()
    assert b"Requires-Dist: attrs>=22" in asked.metadata(asked.project("demo").files[0])
    assert not any(path.endswith(".whl") for path in index.asked)
    index.asked.clear()
    again = ask(offline=True)
    assert b"Requires-Dist: attrs>=22" in again.metadata(again.project("demo").files[0])
    assert index.asked == []


def test_metadata_that_isnt_offered_is_none(ask, index):
    index.add("demo", "1.0")
    asked = ask()
    assert asked.metadata(asked.project("demo").files[0]) is None


def test_metadata_with_another_hash_is_refused(ask, index):
    index.add("demo", "1.0", entry_offers_metadata=True, entry_said={"core-metadata": {"sha256": "a" * 64}})
    asked = ask()
    with pytest.raises(HashMismatch, match=r"demo-1.0-py3-none-any.whl.metadata"):
        asked.metadata(asked.project("demo").files[0])


def test_files_without_sha256_or_with_a_dangerous_name_are_passed_over(ask, index, make_entry):
    index.add("demo", "1.0", entry_sha256="")
    index.add("demo", "1.1", entry_sha256="../../../etc")
    index.add("demo", "1.2")
    index.publish("demo", "../../demo-1.3-py3-none-any.whl", make_entry(b""))
    index.publish("demo", "demo-1.4-py3-none-any.whl/../../x.whl", make_entry(b""))
    index.publish("demo", "demo-1.5-py3-none-" + "a" * 4000 + ".whl", make_entry(b""))
    project = ask().project("demo")
    assert [file.version for file in project.files] == ["1.2"]
    assert project.elsewhere["1.0"] == ("any platform, without a sha256",)


def test_a_page_is_asked_for_again_with_its_etag(ask, index):
    index.add("demo", "1.0")
    index.headers["ETag"] = '"one"'
    assert len(ask().project("demo").files) == 1
    assert len(ask().project("demo").files) == 1
    assert [seen.get("if-none-match") for seen in index.seen] == [None, '"one"']
    index.add("demo", "2.0")
    index.headers["ETag"] = '"two"'
    assert len(ask().project("demo").files) == 2


def test_a_page_called_fresh_isnt_asked_for_again(ask, index):
    index.add("demo", "1.0")
    index.headers["Cache-Control"] = "public, max-age=600"
    ask().project("demo")
    assert ask().project("demo").files
    assert index.asked == ["/simple/demo/"]


def test_offline_what_is_kept_is_used_and_nothing_else(ask, index):
    index.add("demo", "1.0")
    ask().project("demo")
    assert ask().project("nothing") is None
    index.asked.clear()
    offline = ask(offline=True)
    assert offline.project("demo") == ask(offline=True).project("demo")
    assert offline.project("nothing") is None
    with pytest.raises(IndexUnavailable, match="CELLBLOCK_OFFLINE is set, and nothing about it is kept"):
        offline.project("unheard")
    assert index.asked == []


def test_without_a_network_what_is_kept_is_used(ask, index):
    index.add("demo", "1.0")
    known = ask().project("demo")
    index.respond = lambda handler: handler.connection.close() or True
    later = ask()
    assert later.project("demo") == known
    with pytest.raises(IndexUnavailable) as caught:
        later.project("unheard")
    assert caught.value.index == index.url


def test_a_kept_page_that_is_damaged_counts_as_absent(ask, index, home):
    index.add("demo", "1.0")
    known = ask().project("demo")
    kept = next(home.downloads.glob("index/*/*/demo.json"))
    for damage in (b"", b"[]", b'{"format": 1}', kept.read_bytes()[:-20], kept.read_bytes().replace(b".whl", b"/../x")):
        kept.write_bytes(damage)
        assert ask().project("demo") == known


def test_an_index_that_cant_be_reached_is_named_with_the_reason(ask):
    with pytest.raises(IndexUnavailable, match=r"127\.0\.0\.1:9/simple/ couldn't be asked for demo") as caught:
        ask(CLOSED).project("demo")
    assert caught.value.reason.startswith("it can't be reached: ")
    assert caught.value.reason.endswith("[Errno 111] Connection refused")
    assert "(" not in caught.value.reason  # no object of the client's


def test_a_server_that_never_answers_is_given_up(ask, index):
    index.respond = lambda handler: index.released.wait(30)
    with pytest.raises(IndexUnavailable, match="doesn't answer in time"):
        ask(client=Client(connect_s=5, read_s=0.2)).project("demo")


def test_a_server_that_drips_is_given_up(ask, index):
    def drip(handler):
        handler.send_response(200)
        handler.send_header("Content-Type", "text/html")
        handler.end_headers()
        while not index.released.wait(0.05):
            handler.wfile.write(b" ")
        return True

    index.respond = drip
    with pytest.raises(IndexUnavailable, match=r"took more than 0.3 s"):
        ask(client=Client(connect_s=5, read_s=5, page_s=0.3)).project("demo")


@pytest.mark.parametrize("status", [400, 403, 500, 503])
def test_an_error_of_the_server_is_told(ask, index, status):
    index.respond = lambda handler: index.send(handler, b"no", status=status) or True
    with pytest.raises(IndexUnavailable, match=f"HTTP {status}"):
        ask().project("demo")


def test_a_server_that_is_restarting_is_asked_again(ask, index):
    index.add("demo", "1.0")
    index.respond = lambda handler: len(index.asked) == 1 and (index.send(handler, b"", status=503) or True)
    assert ask().project("demo").files


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/vnd.pypi.simple.v1+json", b"{"),
        ("application/vnd.pypi.simple.v1+json", b"[]"),
        ("application/vnd.pypi.simple.v1+json", b'{"files": 3}'),
        ("application/vnd.pypi.simple.v1+json", b'{"meta":{"api-version":"9.0"},"name":"demo","files":[]}'),
        ("application/vnd.pypi.simple.v1+json", b"[" * 100_000),
        ("image/png", b"x"),
    ],
)
def test_an_answer_that_cant_be_read_is_told(ask, index, kind, body):
    index.respond = lambda handler: index.send(handler, body, kind) or True
    with pytest.raises(IndexUnavailable, match="its answer can't be read"):
        ask().project("demo")


def test_a_page_without_end_is_given_up(ask, index, monkeypatch):
    monkeypatch.setattr(index_module, "MAX_PAGE_BYTES", 1 << 20)
    index.respond = lambda handler: index.send(handler, b" " * (2 << 20)) or True
    with pytest.raises(IndexUnavailable, match="larger than 1,048,576 bytes"):
        ask().project("demo")


def test_a_page_that_inflates_without_end_is_given_up(ask, index, monkeypatch):
    monkeypatch.setattr(index_module, "MAX_PAGE_BYTES", 1 << 20)
    index.headers["Content-Encoding"] = "gzip"
    index.respond = lambda handler: index.send(handler, gzip.compress(bytes(8 << 20))) or True
    with pytest.raises(IndexUnavailable, match="larger than 1,048,576 bytes"):
        ask().project("demo")


def test_a_huge_page_is_read(ask, index):
    entry = index.add("demo", "1.0")
    for number in range(5_000):
        index.publish("demo", f"demo-1.{number}-cp313-cp313-win_amd64.whl", entry)
    project = ask().project("demo")
    assert [file.version for file in project.files] == ["1.0"]
    assert len(project.elsewhere) == 4_999


def test_a_name_and_password_go_to_their_host_only(ask, index, other_index):
    index.add("demo", "1.0", entry_offers_metadata=True)
    away = f"{other_index.url.removesuffix('simple/')}files/demo-1.0-py3-none-any.whl"
    entry = index.projects["demo"]["demo-1.0-py3-none-any.whl"]
    entry.said["url"] = away
    other_index.publish("demo", "demo-1.0-py3-none-any.whl", entry)
    asked = ask(index.url.replace("http://", "http://user:se%20cret@"))
    assert "cret" not in asked.name
    assert asked.metadata(asked.project("demo").files[0])
    assert index.seen[0]["authorization"] == "Basic dXNlcjpzZSBjcmV0"
    assert "authorization" not in other_index.seen[0]


def test_what_is_kept_is_small(ask, index, home):
    entry = index.add("demo", "1.0")
    for number in range(200):
        index.publish("demo", f"demo-1.0-cp{number}-cp{number}-win_amd64.whl", entry)
    ask().project("demo")
    kept = json.loads(next(home.downloads.glob("index/*/*/demo.json")).read_bytes())
    assert len(json.dumps(kept)) < 1_000
