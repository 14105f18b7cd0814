import sys

print("plain", 1, 2.5, None, sep="-", end="!\n")
print("no newline", end="")
print()
print("unicode: é € 😀 \u200b", [b"\xff"], {"k": ...})
sys.stdout.write("written\n")
print(*"abc", sep="\n")
print("to stderr", file=sys.stderr)
print("flushed", flush=True)
result = (sys.stdout.encoding, sys.stdout.writable(), sys.stdout.isatty(), sys.stdin.read(), sys.stdout.write("1234\n"))
