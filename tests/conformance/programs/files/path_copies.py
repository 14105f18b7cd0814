from pathlib import Path

base = Path("tree")
(base / "one" / "two").mkdir(parents=True)
(base / "one" / "a").write_text("a" * 5000)
(base / "one").copy(base / "copied")
(base / "one" / "a").copy_into(base)
(base / "one").move(base / "moved")
problems = []
for action in (lambda: (base / "moved").copy(base / "copied"), lambda: (base / "a").copy(base / "a"), lambda: base.move(base / "copied" / "inside")):
    try:
        problems.append(action())
    except OSError as error:
        problems.append(f"{type(error).__name__}: {error}")
result = (sorted(p.as_posix() for p in base.rglob("*")), (base / "copied" / "a").stat().st_size, problems)
