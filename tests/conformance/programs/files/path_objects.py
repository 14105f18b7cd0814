from pathlib import Path, PurePosixPath, PureWindowsPath

base = Path("tree")
(base / "one" / "two").mkdir(parents=True)
for name in ("a.py", "one/b.py", "one/two/c.txt", "one/.hidden"):
    (base / name).write_text(f"content of {name}\n")
path = base / "one" / "b.py"
pure = PurePosixPath("/usr/lib/../share/x.tar.gz")
result = [
    sorted(p.as_posix() for p in base.rglob("*.py")), sorted(p.name for p in base.glob("one/*")), path.read_text(), path.stat().st_size, path.suffix, path.stem, path.with_suffix(".pyc"), path.relative_to("tree"), path.resolve(), path.exists(), path.parent.is_dir(),
    pure.parts, pure.suffixes, pure.match("*.gz"), pure.full_match("/usr/**/*.gz"), PurePosixPath("a//b/./c/").as_posix(), PureWindowsPath("c:\\x\\y").drive, pure.is_relative_to("/usr"), Path("a/b").relative_to("a/c", walk_up=True), pure.as_uri(),
]
path.rename(base / "renamed.py")
result.append(sorted(p.as_posix() for p in base.rglob("*")))
for action in (lambda: path.unlink(), lambda: base.rmdir(), lambda: Path("x").read_bytes(), lambda: pure.relative_to("/etc"), lambda: base.mkdir()):
    try:
        result.append(action())
    except (OSError, ValueError) as error:
        result.append(f"{type(error).__name__}: {error}")
path.unlink(missing_ok=True)
