import os

names = ["spaces in name", "quote'\"", "back\\slash", "naïve", "日本", "😀", "a" * 255, "new\nline", ".hidden", "-dash", "tab\t", "trailing.", "ÿ"]
outcomes = []
for name in names:
    with open(name, "w") as file:
        file.write("x")
    outcomes.append(os.path.exists(name))
outcomes.append(sorted(os.listdir(".")) == sorted(names))
for name in ("nul\0", "\ud800"):
    try:
        open(name, "w").close()
        outcomes.append("made")
    except (OSError, ValueError) as error:
        outcomes.append(f"{type(error).__name__}: {str(error)[:60]}")
result = outcomes
