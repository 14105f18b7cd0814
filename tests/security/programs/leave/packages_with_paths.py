# Asks the host for packages whose names are paths, text without end and other languages' names.
# ends: completed
# so that: set(result) == {"PackageError"}
# with: timeout_s=10
import micropip

answers = []
names = ["../../../etc/passwd", "a/b", "x" * 1000, "-e .", "--index-url=http://127.0.0.1", "a;b", "\0", "a\nb", "", "ж", "$(id)"]
try:
    await micropip.install(names)
except micropip.PackageError as error:
    answers.append(type(error).__name__)
return answers
