# Has the host fetch from an address or a file of the block's choosing, as if it were a package.
# ends: completed
# so that: set(result) == {"PackageError"}
import micropip

answers = []
wanted = [
    [f"http://127.0.0.1:{data['port']}/evil-1.0-py3-none-any.whl"],
    [f"evil @ http://127.0.0.1:{data['port']}/evil-1.0-py3-none-any.whl"],
    [f"file://{data['file']}", data["file"], "../../" + data["file"], f"emfs:{data['file']}", f"evil @ git+file://{data['file']}"],
]
for each in wanted:
    try:
        answers.append(f"ESCAPED {await micropip.install(each)}")
    except micropip.PackageError as error:
        answers.append(type(error).__name__)
return answers
