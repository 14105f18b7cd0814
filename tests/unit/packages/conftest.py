"""A package index on loopback, wheels made for the occasion, and a small distribution."""

from __future__ import annotations

import base64
import hashlib
import html
import io
import json
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cellblock_sandbox.image.distribution import Distribution, Package, RemoteFile
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.packages.client import Client
from cellblock_sandbox.image.packages.policy import Policy
from cellblock_sandbox.image.packages.provide import look_up, provide
from cellblock_sandbox.image.packages.target import Target
from cellblock_sandbox.image.progress import SilentProgress
from cellblock_sandbox.image.sources import Folder
from cellblock_sandbox.image.wheel import Wheel

ABI_TAG = "cp314-cp314-pyemscripten_2026_0_wasm32"
JSON = "application/vnd.pypi.simple.v1+json"


def wheel_bytes(
    name: str,
    version: str,
    *,
    requires: tuple[str, ...] = (),
    extras: tuple[str, ...] = (),
    requires_python: str = "",
    tag: str = "py3-none-any",
    files: dict[str, bytes] | None = None,
    metadata: str | None = None,
    wheel_file: str | None = None,
    record: Callable[[list[str]], list[str]] = lambda lines: lines,
    write: Callable[[zipfile.ZipFile], None] = lambda archive: None,
) -> bytes:
    """Make a wheel; the later parameters make it a bad one. `write` adds members that RECORD doesn't know."""
    info = f"{name.replace('-', '_')}-{version}.dist-info"
    headers = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    headers += [f"Requires-Python: {requires_python}"] if requires_python else []
    headers += [f"Provides-Extra: {extra}" for extra in extras]
    headers += [f"Requires-Dist: {text}" for text in requires]
    content = {
        f"{name.replace('-', '_')}/__init__.py": f"version = {version!r}\n".encode(),
        **(files or {}),
        f"{info}/METADATA": ("\n".join(headers) + "\n\nText.\n" if metadata is None else metadata).encode(),
        f"{info}/WHEEL": (f"Wheel-Version: 1.0\nTag: {tag}\n" if wheel_file is None else wheel_file).encode(),
    }
    lines = [f"{member},{_record_hash(data)},{len(data)}" for member, data in content.items()]
    content[f"{info}/RECORD"] = "\n".join([*record(lines), f"{info}/RECORD,,"]).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, data in content.items():
            archive.writestr(member, data)
        write(archive)
    return buffer.getvalue()


def _record_hash(data: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")


def metadata_of(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(next(name for name in archive.namelist() if name.endswith("METADATA")))


@dataclass
class Entry:
    """A file of the index; what is said about it may be a lie."""

    content: bytes
    said: dict[str, Any] = field(default_factory=dict)
    sha256: str | None = None
    offers_metadata: bool = False
    cut_to: int | None = None


class IndexServer:
    """A simple index. `respond` may take over a request: it returns True when it has answered."""

    def __init__(self) -> None:
        self.projects: dict[str, dict[str, Entry]] = {}
        self.json = True
        self.headers: dict[str, str] = {}
        self.asked: list[str] = []
        self.seen: list[dict[str, str]] = []
        self.respond: Callable[[BaseHTTPRequestHandler], bool] = lambda handler: False
        self.released = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append(self.path)
                server.seen.append({name.lower(): value for name, value in self.headers.items()})
                if not server.respond(self):
                    server.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}/simple/"

    def close(self) -> None:
        self.released.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def add(self, name: str, version: str, *, tag: str = "py3-none-any", **options: Any) -> Entry:
        """Publish a wheel; `entry_...` options go to its `Entry`, the others to `wheel_bytes`."""
        entry = {key.removeprefix("entry_"): options.pop(key) for key in list(options) if key.startswith("entry_")}
        made = Entry(wheel_bytes(name, version, tag=tag, **options), **entry)
        self.publish(name, f"{name.replace('-', '_')}-{version}-{tag}.whl", made)
        return made

    def publish(self, name: str, filename: str, entry: Entry) -> None:
        self.projects.setdefault(name, {})[filename] = entry

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        parts = handler.path.strip("/").split("/")
        if parts[0] == "simple" and len(parts) == 2 and parts[1] in self.projects:
            etag = self.headers.get("ETag")
            if etag and handler.headers.get("If-None-Match") == etag:
                self.send(handler, b"", status=304)
            else:
                page = self._json(parts[1]) if self.json else self._html(parts[1])
                self.send(handler, page, JSON if self.json else "text/html; charset=utf-8")
            return
        for files in self.projects.values():
            for filename, entry in files.items():
                if parts == ["files", filename]:
                    self.send(handler, entry.content, "application/octet-stream", cut_to=entry.cut_to)
                    return
                if parts == ["files", f"{filename}.metadata"] and entry.offers_metadata:
                    self.send(handler, metadata_of(entry.content), "text/plain")
                    return
        self.send(handler, b"not here", "text/plain", status=404)

    def send(
        self,
        handler: BaseHTTPRequestHandler,
        body: bytes,
        kind: str = "text/html",
        *,
        status: int = 200,
        cut_to: int | None = None,
    ) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body)))
        for name, value in self.headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body if cut_to is None else body[:cut_to])

    def _hash(self, entry: Entry) -> str:
        return hashlib.sha256(entry.content).hexdigest() if entry.sha256 is None else entry.sha256

    def _json(self, name: str) -> bytes:
        files = []
        for filename, entry in self.projects[name].items():
            sha256 = self._hash(entry)
            file = {
                "filename": filename,
                "url": f"../../files/{filename}",
                "hashes": {"sha256": sha256} if sha256 else {},
            }
            if entry.offers_metadata:
                file["core-metadata"] = {"sha256": hashlib.sha256(metadata_of(entry.content)).hexdigest()}
            files.append({**file, **entry.said})
        return json.dumps({"meta": {"api-version": "1.0"}, "name": name, "files": files}).encode()

    def _html(self, name: str) -> bytes:
        lines = []
        for filename, entry in self.projects[name].items():
            sha256 = self._hash(entry)
            attributes = {"href": f"../../files/{filename}" + (f"#sha256={sha256}" if sha256 else "")}
            if entry.offers_metadata:
                digest = hashlib.sha256(metadata_of(entry.content)).hexdigest()
                attributes["data-core-metadata"] = f"sha256={digest}"
            if "requires-python" in entry.said:
                attributes["data-requires-python"] = entry.said["requires-python"]
            if entry.said.get("yanked"):
                attributes["data-yanked"] = str(entry.said["yanked"])
            written = " ".join(f'{key}="{html.escape(value)}"' for key, value in attributes.items())
            lines.append(f"<a {written}>{filename}</a><br>")
        return f"<!DOCTYPE html><html><body>{''.join(lines)}</body></html>".encode()


@pytest.fixture
def index() -> Iterator[IndexServer]:
    server = IndexServer()
    yield server
    server.close()


@pytest.fixture
def other_index() -> Iterator[IndexServer]:
    server = IndexServer()
    yield server
    server.close()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def target() -> Target:
    return Target("3.14.2", "2026_0")


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """The folder that holds the wheels of the distribution."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    return folder


@dataclass
class Lock:
    """A distribution in the making, its wheels in `folder`."""

    folder: Path
    packages: dict[str, Package] = field(default_factory=dict)

    def add(
        self, name: str, version: str, *depends: str, tag: str = "py3-none-any", delivered: bool = True, **options: Any
    ) -> None:
        content = wheel_bytes(name, version, tag=tag, **options)
        file = RemoteFile(f"{name.replace('-', '_')}-{version}-{tag}.whl", hashlib.sha256(content).hexdigest())
        if delivered:
            (self.folder / file.name).write_bytes(content)
        self.packages[name] = Package(name, version, file, (name.replace("-", "_"),), depends, False)

    @property
    def distribution(self) -> Distribution:
        return Distribution("3.14.0", "2026_0", dict(self.packages))


@pytest.fixture
def lock(wheels: Path) -> Lock:
    return Lock(wheels)


@dataclass
class Shop:
    """`provide` with everything in place."""

    home: Home
    lock: Lock
    index: IndexServer
    client: Client = field(default_factory=lambda: Client(connect_s=5, read_s=5))
    folders: list[Path] = field(default_factory=list)

    def get(
        self, *requirements: str, installed: dict[str, str] | None = None, **rules: Any
    ) -> list[tuple[Wheel, Path]]:
        policy = Policy(**{"indexes": (self.index.url,), **rules})
        return provide(
            requirements,
            home=self.home,
            distribution=self.lock.distribution,
            policy=policy,
            installed=installed or {},
            progress=SilentProgress(),
            sources=[Folder(folder) for folder in [self.lock.folder, *self.folders]],
            client=self.client,
        )

    def look_up(self, name: str, **rules: Any) -> Wheel:
        return look_up(
            name,
            home=self.home,
            distribution=self.lock.distribution,
            policy=Policy(**{"indexes": (self.index.url,), **rules}),
            progress=SilentProgress(),
            sources=[Folder(self.lock.folder)],
            client=self.client,
        )

    def names(self, *requirements: str, **options: Any) -> list[str]:
        """Return what would be added: "name version origin"."""
        return [f"{wheel.name} {wheel.version} {wheel.origin}" for wheel, _ in self.get(*requirements, **options)]


@pytest.fixture
def shop(home: Home, lock: Lock, index: IndexServer) -> Shop:
    return Shop(home, lock, index)


@pytest.fixture
def make_wheel() -> Callable[..., bytes]:
    return wheel_bytes


@pytest.fixture
def make_entry() -> type[Entry]:
    return Entry
