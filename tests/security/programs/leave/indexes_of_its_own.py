# Tells micropip where packages come from, with credentials for somewhere else.
# ends: completed
# so that: set(result) <= {"NotImplementedError", "PermissionError"}
import micropip

address = f"http://127.0.0.1:{data['port']}/simple"
answers = []
for options in ({"index_urls": [address]}, {"credentials": "include"}, {"constraints": [f"six @ {address}"]}):
    try:
        answers.append(f"ESCAPED {await micropip.install('six', **options)}")
    except NotImplementedError:
        answers.append("NotImplementedError")
try:
    answers.append(f"ESCAPED {micropip.set_index_urls([address])}")
except PermissionError:
    answers.append("PermissionError")
return answers
