"""Fetching what was chosen: whole, right and checked, or an error and nothing left."""

from __future__ import annotations

import dataclasses
import hashlib
import http.client
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cellblock_sandbox.errors import (
    HashMismatch,
    HomeUnusable,
    IndexUnavailable,
    PackageUnknown,
    SourceUnavailable,
    WheelInvalid,
)
from cellblock_sandbox.image.packages import wheels as wheels_module
from cellblock_sandbox.image.packages.client import Client


def _left(home):
    return list(home.downloads.rglob(".work-*"))


def _kept(home):
    return sorted(path.name for path in home.downloads.glob("*/*.whl"))


@pytest.fixture(params=["metadata offered", "metadata in the wheel"])
def offers(request):
    return request.param == "metadata offered"


def test_wheels_are_kept_by_their_content(shop, index, home, offers):
    content = index.add("demo", "1.0", entry_offers_metadata=offers).content
    ((wheel, path),) = shop.get("demo")
    assert wheel.file.sha256 == hashlib.sha256(content).hexdigest()
    assert path == home.downloads / wheel.file.sha256 / "demo-1.0-py3-none-any.whl"
    assert path.read_bytes() == content
    assert not _left(home)


@pytest.mark.parametrize("rules", [{"offline": True}, {}], ids=["told to be offline", "index gone"])
def test_a_second_time_works_without_a_network(shop, index, offers, rules):
    index.add("top", "1.0", requires=("base[more]",), entry_offers_metadata=offers)
    index.add("base", "1.0", requires=("extra ; extra == 'more'",), extras=("more",), entry_offers_metadata=offers)
    index.add("extra", "1.0", entry_offers_metadata=offers)
    first = shop.get("top")
    index.respond = lambda handler: handler.connection.close() or True
    index.asked.clear()
    assert shop.get("top", **rules) == first
    assert len(index.asked) <= (0 if rules else 3)


def test_offline_what_was_never_fetched_is_told(shop, index):
    index.add("demo", "1.0", entry_offers_metadata=True)
    with pytest.raises(IndexUnavailable, match="CELLBLOCK_OFFLINE is set"):
        shop.get("demo", offline=True)
    assert index.asked == []


def test_offline_the_distribution_and_folders_still_serve(shop, index, lock):
    lock.add("demo", "1.0")
    assert shop.names("demo", offline=True) == ["demo 1.0 distribution"]
    assert index.asked == []


def test_a_wheel_that_lies_about_its_hash_is_refused(shop, index, home, offers):
    index.add("demo", "1.0", entry_sha256="a" * 64, entry_offers_metadata=offers)
    with pytest.raises(HashMismatch, match=f"expected {'a' * 64}") as caught:
        shop.get("demo")
    assert caught.value.file == "demo-1.0-py3-none-any.whl"
    assert _kept(home) == []
    assert not _left(home)


def test_a_wheel_that_changed_on_disk_is_fetched_again(shop, index):
    index.add("demo", "1.0")
    ((_, path),) = shop.get("demo")
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + b"x")
    ((_, again),) = shop.get("demo")
    assert again.read_bytes() == whole


def test_a_download_that_breaks_off_leaves_nothing(shop, index, home):
    index.add("demo", "1.0", files={"demo/data.bin": bytes(range(256)) * 100}, entry_cut_to=100)
    with pytest.raises(SourceUnavailable, match=r"demo-1.0-py3-none-any.whl(.|\n)*reading broke off"):
        shop.get("demo")
    assert _kept(home) == []
    assert not _left(home)


def test_a_download_that_is_gone_is_told(shop, index):
    index.add("demo", "1.0")
    index.respond = lambda handler: handler.path.startswith("/files") and (index.send(handler, b"", status=404) or True)
    with pytest.raises(SourceUnavailable, match="HTTP 404"):
        shop.get("demo")


def test_a_download_that_stalls_is_given_up(shop, index, home):
    index.add("demo", "1.0")

    def stall(handler):
        if not handler.path.startswith("/files"):
            return False
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b"PK")
        handler.wfile.flush()
        return index.released.wait(30)

    index.respond = stall
    shop.client = Client(connect_s=5, read_s=0.2)
    with pytest.raises(SourceUnavailable, match="reading broke off after"):
        shop.get("demo")
    assert not _left(home)


def test_a_download_that_drips_is_given_up(shop, index, home):
    index.add("demo", "1.0")

    def drip(handler):
        if not handler.path.startswith("/files"):
            return False
        handler.send_response(200)
        handler.end_headers()
        while not index.released.wait(0.05):
            handler.wfile.write(b"P")
        return True

    index.respond = drip
    shop.client = Client(connect_s=5, read_s=5, wheel_s=0.3)
    with pytest.raises(SourceUnavailable, match=r"it took more than 0.3 s"):
        shop.get("demo")
    assert not _left(home)


def test_a_download_without_end_is_given_up(shop, index, home, monkeypatch):
    monkeypatch.setattr(wheels_module, "MAX_WHEEL_BYTES", 1 << 16)
    index.add("demo", "1.0", files={"demo/data.bin": hashlib.shake_256(b"").digest(1 << 17)})
    with pytest.raises(SourceUnavailable, match="larger than 65,536 bytes"):
        shop.get("demo")
    assert _kept(home) == []


def test_an_address_that_isnt_http_is_told(shop, index):
    index.add("demo", "1.0", entry_said={"url": "file:///etc/passwd"})
    with pytest.raises(SourceUnavailable, match="No connection adapters"):
        shop.get("demo")


def test_a_full_disk_is_told_and_leaves_nothing(shop, index, home, monkeypatch):
    index.add("demo", "1.0")
    shop.get("demo")
    index.add("demo", "2.0")
    opened = Path.open

    def full(path, mode="r", *rest, **options):
        if path.suffix == ".whl" and mode == "wb":
            opened(path, mode).close()
            return opened(Path("/dev/full"), mode, *rest, **options)
        return opened(path, mode, *rest, **options)

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(HomeUnusable, match="No space left on device"):
        shop.get("demo")
    assert _kept(home) == ["demo-1.0-py3-none-any.whl"]
    assert not _left(home)


def test_a_wheel_that_isnt_safe_is_refused(shop, index):
    index.add("demo", "1.0", write=lambda archive: archive.writestr("../outside.py", b"x"))
    with pytest.raises(WheelInvalid, match="leads out of the wheel"):
        shop.get("demo")


def test_a_wheel_of_a_folder_is_taken_from_there(shop, index, home, tmp_path, make_wheel):
    shop.folders.append(tmp_path / "local")
    shop.folders[0].mkdir()
    source = shop.folders[0] / "demo-1.0-py3-none-any.whl"
    source.write_bytes(make_wheel("demo", "1.0"))
    ((wheel, path),) = shop.get("demo")
    assert (wheel.origin, wheel.location) == ("folder", str(shop.folders[0]))
    assert path.read_bytes() == source.read_bytes()
    assert path.is_relative_to(home.downloads)
    assert index.asked == []


def test_a_folder_that_isnt_there_and_files_that_arent_wheels_do_no_harm(shop, index, tmp_path):
    shop.folders += [tmp_path / "nowhere", tmp_path / "local"]
    shop.folders[1].mkdir()
    for name in ("demo.whl", "demo-1.0.tar.gz", "demo-x-py3-none-any.whl"):
        (shop.folders[1] / name).write_bytes(b"")
    index.add("demo", "1.0")
    assert shop.names("demo") == ["demo 1.0 index"]


def test_a_lie_in_a_folder_about_the_distribution_is_refused(shop, lock):
    lock.add("demo", "1.0")
    (lock.folder / "demo-1.0-py3-none-any.whl").write_bytes(b"other")
    with pytest.raises(HashMismatch):
        shop.get("demo")


def test_a_library_of_the_distribution_is_delivered_with_its_user(shop, lock, home):
    lock.add("solver", "1.0", "libsolve", tag="cp314-cp314-pyemscripten_2026_0_wasm32")
    archive = lock.folder / "libsolve-0.3.zip"
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr("libsolve.so", b"\0asm\1\0\0\0")
    lock.add("libsolve", "0.3", delivered=False)
    file = dataclasses.replace(
        lock.packages["libsolve"].file, name=archive.name, sha256=hashlib.sha256(archive.read_bytes()).hexdigest()
    )
    lock.packages["libsolve"] = dataclasses.replace(lock.packages["libsolve"], file=file, is_library=True)
    got = shop.get("solver")
    assert [(wheel.name, wheel.pure) for wheel, _ in got] == [("libsolve", False), ("solver", False)]


def test_a_test_archive_of_the_distribution_isnt_a_package(shop, lock, index):
    lock.add("demo-tests", "1.0", delivered=False)
    file = dataclasses.replace(lock.packages["demo-tests"].file, name="demo-tests.tar")
    lock.packages["demo-tests"] = dataclasses.replace(lock.packages["demo-tests"], file=file)
    with pytest.raises(PackageUnknown, match="no package 'demo-tests'"):
        shop.get("demo-tests")


def test_two_runs_at_once_fetch_a_wheel_once(shop, index):
    index.add("demo", "1.0", files={"demo/data.bin": bytes(range(256)) * 1000}, entry_offers_metadata=True)
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(shop.get, "demo") for _ in range(2)]
        assert runs[0].result() == runs[1].result()
    assert index.asked.count("/files/demo-1.0-py3-none-any.whl") == 1


def test_a_server_that_speaks_no_http_is_told(shop, index):
    def babble(handler):
        handler.wfile.write(b"220 ready\r\n")
        return True

    index.respond = babble
    with pytest.raises(IndexUnavailable, match="simple/ couldn't be asked for demo") as caught:
        shop.get("demo")
    assert http.client.BadStatusLine.__name__ not in caught.value.reason
