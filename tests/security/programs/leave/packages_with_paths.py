# Asks the host for packages whose names are paths, options, lines and other languages' names.
# ends: completed
# so that: len(result) == 4 and all("can't be used" in each for each in result)
# with: timeout_s=50
import micropip

answers = []
for name in ("../../../etc/passwd", "--index-url=http://127.0.0.1", "a\nb", "ж"):
    try:
        answers.append(f"ESCAPED {await micropip.install([name])}")
    except micropip.PackageError as error:
        answers.append(str(error))
return answers
