"""Runs what was built as a container does: its root read-only, its user without a capability, scratch in memory."""

import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from cellblock_service.bench.serving import free_port

TOKEN = "only-for-this-test"


class Root:
    """A built root filesystem with the configuration of its image; `volume` is where it keeps what is to stay."""

    def __init__(self, path: Path, config: dict, volume: str = "/var/lib/cellblock") -> None:
        self.path = path
        self.volume = volume
        self.config = config
        self.environment = dict(each.split("=", 1) for each in config["Env"])

    def command(
        self, *command: str, home: Path | None = None, info: int | None = None, **environment: str
    ) -> list[str]:
        """What starts `command` in this root, in processes of its own; `home` is the volume."""
        uid, _, gid = self.config["User"].partition(":")
        settings = self.environment | environment
        return [
            *("bwrap", "--ro-bind", str(self.path), "/", "--proc", "/proc", "--dev", "/dev"),
            *("--perms", "1777", "--tmpfs", "/tmp", "--unshare-pid", "--unshare-ipc", "--unshare-uts"),
            *(("--bind", str(home), self.volume) if home else ()),
            *("--as-pid-1", "--die-with-parent", "--chdir", "/", "--clearenv"),
            *(word for name, value in settings.items() for word in ("--setenv", name, value)),
            *(("--info-fd", str(info)) if info is not None else ()),
            *("--", "setpriv", "--reuid", uid, "--regid", gid, "--clear-groups", "--no-new-privs"),
            *("--inh-caps=-all", "--bounding-set=-all", *command),
        ]

    def run(self, *command: str, home: Path | None = None, **environment: str) -> subprocess.CompletedProcess:
        """Run a command in it to its end."""
        started = self.command(*command, home=home, **environment)
        return subprocess.run(started, capture_output=True, text=True, check=False, timeout=300)

    def start(self, log: Path, home: Path, **environment: str) -> tuple[subprocess.Popen, int]:
        """Start its own command; the process that waits for it, and its own id here, to which signals go."""
        told, tell = os.pipe()
        own = [*self.config["Entrypoint"], *(self.config["Cmd"] or ())]
        command = self.command(*own, home=home, info=tell, **environment)
        with log.open("ab") as output:
            process = subprocess.Popen(command, stdout=output, stderr=output, pass_fds=(tell,))
        os.close(tell)
        with os.fdopen(told) as info:
            return process, json.load(info)["child-pid"]


class Service:
    """The container's own command, running."""

    def __init__(self, root: Root, home: Path, log: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = log
        # The one setting that isn't the image's: a test opens nothing to the network.
        environment = {"CELLBLOCK_HOST": "127.0.0.1", "CELLBLOCK_PORT": str(self.port), "CELLBLOCK_TOKEN": TOKEN}
        started = time.perf_counter()
        self.process, self.pid = root.start(log, home, **environment)
        self.wait(lambda: self.get("/readyz")[0] == 200)
        self.ready_s = time.perf_counter() - started

    def wait(self, check, within_s: float = 120) -> None:
        end = time.monotonic() + within_s
        while True:
            try:
                if check():
                    return
            except OSError:
                pass
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.005)

    def get(self, path: str, body: object = None) -> tuple[int, dict]:
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        try:
            with urllib.request.urlopen(urllib.request.Request(self.url + path, data, headers), timeout=120) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def execute(self, code: str, **more: object) -> dict:
        status, answer = self.get("/v1/execute", {"code": code, **more})
        assert status == 200, answer
        return answer

    def status(self) -> dict[str, str]:
        """What the kernel says of the process."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}

    def terminate(self) -> None:
        os.kill(self.pid, signal.SIGTERM)

    def end(self) -> None:
        if self.process.poll() is None:
            self.terminate()
            self.process.wait(60)
