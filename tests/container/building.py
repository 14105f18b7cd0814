"""Builds the container's targets with buildah, in a folder of its own under CELLBLOCK_HOME, and mounts what came out.

The base is made by debootstrap, slimmed as Debian's own image is, and has this machine's configuration of apt and its
certificates. The files that configure pip and npm are lent to the steps of the build, and are not in what is built;
variables with which one can do so aren't lent, as buildah gives steps those of proxies alone. Downloads and bundles
that are there are lent too: `bake` hashes or verifies each.
"""

import json
import os
import platform
import shutil
import subprocess
from pathlib import Path

from cellblock_sandbox.image.home import Home

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / "docker"
NODES = ROOT / "node-red-nodes"
STAND_IN = Path(__file__).with_name("node-red-base.Dockerfile")
LENT_FILES = ("/etc/pip.conf", "~/.config/pip/pip.conf", "~/.npmrc", "/etc/npmrc")
REVISION = "0123456789abcdef0123456789abcdef01234567"
BUNDLES = {"slim": "default", "full": "full"}
SLIMMED = ("usr/share/doc", "usr/share/info", "usr/share/locale", "usr/share/man", "var/cache/apt", "var/lib/apt/lists")


def run(*command: str | Path, **more) -> str:
    """Run a program and give what it printed; what it complained of is in the test's output."""
    done = subprocess.run([*map(str, command)], stdout=subprocess.PIPE, text=True, check=False, **more)
    assert done.returncode == 0, f"{command[0]} ended with {done.returncode}\n{done.stdout[-4000:]}"
    return done.stdout.strip()


class Builder:
    """Builds and mounts. `folder` stays, and with it the base and what was downloaded."""

    def __init__(self) -> None:
        home = Home.find()
        self.home = home.root
        self.folder = home.root / "container"
        self.cache = self.folder / "cache"
        self.cache.mkdir(parents=True, exist_ok=True)
        (self.folder / "containers.conf").write_text(f"[containers]\nvolumes = {json.dumps(_volumes())}\n")
        self.environment = os.environ | {
            "CONTAINERS_CONF": str(self.folder / "containers.conf"),
            "TMPDIR": str(self.folder),  # buildah's, for a gigabyte at a time
        }

    def buildah(self, *arguments: str | Path) -> str:
        storage = ("--root", self.folder / "storage", "--runroot", self.folder / "run")
        return run("buildah", *storage, *arguments, env=self.environment)

    def base(self) -> str:
        """The name of the base image, which is made if it isn't there."""
        suite = platform.freedesktop_os_release()["VERSION_CODENAME"]
        name = f"localhost/base:{suite}"
        if name not in self.buildah("images", "--format", "{{.Name}}:{{.Tag}}"):
            container = self.buildah("from", "scratch")
            root = Path(self.buildah("mount", container))
            run("debootstrap", "--variant=minbase", suite, root, *_mirror(suite))
            # Where this machine has packages from, and what it trusts, such as a company's own certificates.
            for place in ("etc/apt", "usr/local/share/ca-certificates"):
                shutil.copytree(Path("/", place), root / place, dirs_exist_ok=True)
            for place in SLIMMED:
                shutil.rmtree(root / place, ignore_errors=True)
            self.buildah("umount", container)
            self.buildah("commit", "--quiet", "--rm", container, name)
        return name

    def build(self, target: str) -> str:
        """The name of a target's image, built anew from what is in the repository."""
        name = f"localhost/cellblock:{target}"
        self._lend(BUNDLES[target])
        context = ("--build-context", f"cache={self.cache}")
        arguments = ("--build-arg", f"BASE={self.base()}", "--build-arg", f"REVISION={REVISION}")
        self._build(name, DOCKER / "Dockerfile", "--target", target, *arguments, *context)
        return name

    def build_node_red(self) -> str:
        """The name of the image of Node-RED with the Code Block, on a base that stands in for the project's own."""
        base, name = "localhost/node-red-base", "localhost/cellblock-node-red"
        version = json.loads((NODES / "node_modules/node-red/package.json").read_text())["version"]
        arguments = ("--build-arg", f"BASE={self.base()}", "--build-arg", f"NODE_RED={version}")
        self._build(base, STAND_IN, *arguments, "--build-context", f"node={self._node()}")
        self._build(name, DOCKER / "node-red.Dockerfile", "--build-arg", f"BASE={base}")
        return name

    def _build(self, name: str, file: Path, *arguments: str | Path) -> None:
        ignored = file.with_name(f"{file.name}.dockerignore")
        self.buildah(
            *("build", "--isolation", "chroot", "--format", "docker", "--layers", "--tag", name, *arguments),
            *(("--ignorefile", ignored) if ignored.exists() else ()),
            *("--file", file, ROOT),
        )

    def _node(self) -> Path:
        """A folder with this machine's Node and npm, as they would be under /usr/local."""
        folder = self.folder / "node"
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "bin").mkdir(parents=True)
        shutil.copy(Path(shutil.which("node")).resolve(), folder / "bin/node")
        npm = Path(shutil.which("npm")).resolve().parents[1]
        shutil.copytree(npm, folder / "lib/node_modules/npm", symlinks=True)
        return folder

    def mount(self, image: str) -> tuple[str, Path]:
        """A container of an image, to be removed with `remove`, and its root."""
        container = self.buildah("from", image)
        return container, Path(self.buildah("mount", container))

    def remove(self, container: str) -> None:
        self.buildah("rm", container)

    def config(self, image: str) -> dict:
        return json.loads(self.buildah("inspect", "--type", "image", image))["Docker"]["config"]

    def prune(self) -> None:
        """Remove the layers of earlier builds, each a gigabyte."""
        self.buildah("rmi", "--prune", "--force")

    def keep(self, target: str, root: Path) -> None:
        """Keep the bundle that was built for a target, for the next time. What was lent is there already."""
        bundles, name = root / "opt/baked/bundles", BUNDLES[target]
        ident = (bundles / "by-name" / name).read_text().strip()
        if not (self.cache / "bundles" / ident).exists():
            shutil.copytree(bundles / ident, self.cache / "bundles" / ident)
        (self.cache / "bundles/by-name").mkdir(exist_ok=True)
        (self.cache / "bundles/by-name" / name).write_text(f"{ident}\n")

    def _lend(self, bundle: str) -> None:
        """Put what CELLBLOCK_HOME has of use where the build finds it, without copying it."""
        for folder in ("downloads", "tools"):
            if (self.home / folder).is_dir():
                _link_tree(self.home / folder, self.cache / folder)
        name = self.home / "bundles/by-name" / bundle
        if name.is_file():
            ident = name.read_text().strip()
            _link_tree(self.home / "bundles" / ident, self.cache / "bundles" / ident)
            (self.cache / "bundles/by-name").mkdir(exist_ok=True)
            (self.cache / "bundles/by-name" / bundle).write_text(f"{ident}\n")


def _link_tree(source: Path, target: Path) -> None:
    def link(file: str, place: str) -> None:
        if not Path(place).exists():
            os.link(file, place)

    shutil.copytree(source, target, copy_function=link, dirs_exist_ok=True)


def _volumes() -> list[str]:
    places = {path: str(Path(path).expanduser()) for path in LENT_FILES}
    # The build is root's, wherever this user's home is.
    return [f"{here}:{place.replace('~', '/root')}:ro" for place, here in places.items() if Path(here).exists()]


def _mirror(suite: str) -> list[str]:
    """Where this machine has the packages of its own release from."""
    wanted = "$(CODENAME) $(REPO_URI)"
    lines = run("apt-get", "indextargets", "--format", wanted, "Created-By: Packages", "Component: main").splitlines()
    return [uri for codename, _, uri in (line.partition(" ") for line in lines) if codename == suite][:1]
