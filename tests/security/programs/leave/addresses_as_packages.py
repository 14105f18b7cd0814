# Has the host fetch from an address or a file of the block's choosing, as if it were a package.
# ends: completed
# so that: len(result) == 4 and all("can't be used" in each for each in result)
# with: timeout_s=50
import micropip

address = f"http://127.0.0.1:{data['port']}/evil-1.0-py3-none-any.whl"
answers = []
for each in (address, f"evil @ {address}", f"file://{data['file']}", f"emfs:{data['file']}"):
    try:
        answers.append(f"ESCAPED {await micropip.install([each])}")
    except micropip.PackageError as error:
        answers.append(str(error))
return answers
