# Unpickles and loads payloads that start a program when they are read.
# ends: completed
# so that: set(result) <= {"OSError", "-1"}
import marshal, pickle


def pickled(module, name, argument):
    return f"c{module}\n{name}\n(V{argument}\ntR.".encode()


def tried(call, *args):
    try:
        return str(call(*args))
    except OSError as error:
        return type(error).__name__


line = f"/usr/bin/touch {data['folder']}/ESCAPED"
code = marshal.dumps(compile(f"import os\nos.system({line!r})", "x", "exec"))
return [
    tried(pickle.loads, pickled("os", "system", line)),
    tried(pickle.loads, pickled("posix", "system", line)),
    tried(pickle.loads, pickled("subprocess", "getoutput", line)),
    tried(pickle._loads, pickled("os", "popen", line)),
    tried(lambda: exec(marshal.loads(code), {})),
]
