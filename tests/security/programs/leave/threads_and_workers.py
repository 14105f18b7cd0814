# Starts threads, processes and interpreters beside itself.
# ends: completed
# so that: all(each in ("RuntimeError", "OSError", "ModuleNotFoundError", "ImportError", "NotImplementedError", "AttributeError") for each in result)
import _thread, asyncio, importlib, threading
from concurrent import futures


def tried(call):
    try:
        return f"ESCAPED {call()}"
    except Exception as error:
        return type(error).__name__


def module(name):
    return importlib.import_module(name)


answers = [
    tried(lambda: _thread.start_new_thread(print, ())),
    tried(threading.Thread(target=print).start),
    tried(threading.Timer(0, print).start),
    tried(lambda: futures.ThreadPoolExecutor(1).submit(print)),
    tried(lambda: futures.ProcessPoolExecutor(1).submit(print)),
    tried(lambda: module("multiprocessing").Process(target=print).start()),
    tried(lambda: module("multiprocessing").Pool(1)),
    tried(lambda: module("multiprocessing.shared_memory").SharedMemory("x", True, 10)),
    tried(lambda: module("concurrent.interpreters").create().exec("1")),
    tried(lambda: module("_interpreters").create()),
]
try:
    answers.append(f"ESCAPED {await asyncio.to_thread(print)}")
except Exception as error:
    answers.append(type(error).__name__)
return answers
