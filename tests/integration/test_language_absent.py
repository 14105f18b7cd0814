"""What a sandbox doesn't have says so at once, by the exception that its users expect."""

import pytest

JAVASCRIPT = "there is no JavaScript here"
NETWORK = "there is no network in a sandbox"

# code, the exception's type, a part of what it says
ABSENT = {
    # threads and processes
    "thread": ("import threading\nthreading.Thread(target=print).start()", "RuntimeError", "threads are not available"),
    "timer": ("import threading\nthreading.Timer(1, print).start()", "RuntimeError", "threads are not available"),
    "_thread": ("import _thread\n_thread.start_new_thread(print, ())", "RuntimeError", "threads are not available"),
    "thread pool": (
        "from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor() as e: e.submit(print).result()",
        "RuntimeError",
        "threads are not available",
    ),
    "process pool": (
        "from concurrent.futures import ProcessPoolExecutor\nProcessPoolExecutor()",
        "NotImplementedError",
        "multiprocessing",
    ),
    "multiprocessing pool": (
        "import multiprocessing\nmultiprocessing.Pool(2)",
        "ModuleNotFoundError",
        "no other process",
    ),
    "multiprocessing process": (
        "import multiprocessing\nmultiprocessing.Process(target=print).start()",
        "ModuleNotFoundError",
        "no other process",
    ),
    "multiprocessing queue": (
        "import multiprocessing\nmultiprocessing.Queue()",
        "ModuleNotFoundError",
        "no other process",
    ),
    "dummy pool": ("from multiprocessing.dummy import Pool\nPool(2)", "ModuleNotFoundError", "no thread"),
    "shared memory": ("from multiprocessing import shared_memory", "ModuleNotFoundError", "no other process"),
    "interpreters": ("import _interpreters", "ModuleNotFoundError", "one interpreter"),
    "subprocess": ("import subprocess\nsubprocess.run(['ls'])", "OSError", "processes"),
    "shell": ("import os\nos.system('ls')", "OSError", "processes can't start"),
    "popen": ("import os\nos.popen('ls')", "OSError", "processes can't start"),
    "fork": ("import os\nos.fork()", "OSError", "processes can't start"),
    "exec": ("import os\nos.execv('/bin/ls', ['ls'])", "OSError", "processes can't start"),
    "spawn": ("import os\nos.posix_spawn('/bin/ls', ['ls'], {})", "AttributeError", "processes can't start"),
    # the network
    "socket": ("import socket\nsocket.socket()", "OSError", NETWORK),
    "socket pair": ("import socket\nsocket.socketpair()", "OSError", NETWORK),
    "connection": ("import socket\nsocket.create_connection(('127.0.0.1', 80), timeout=5)", "gaierror", NETWORK),
    "name": ("import socket\nsocket.gethostbyname('example.com')", "gaierror", NETWORK),
    "urllib": ("import urllib.request\nurllib.request.urlopen('https://example.com')", "URLError", NETWORK),
    "http.client": ("import http.client\nhttp.client.HTTPConnection('example.com').connect()", "gaierror", NETWORK),
    "smtplib": ("import smtplib\nsmtplib.SMTP('example.com')", "gaierror", NETWORK),
    "pandas": ("import pandas\npandas.read_csv('https://example.com/x.csv')", "URLError", NETWORK),
    # JavaScript
    "js": ("import js", "ModuleNotFoundError", JAVASCRIPT),
    "from js": ("from js import document", "ModuleNotFoundError", JAVASCRIPT),
    "below js": ("import js.document", "ModuleNotFoundError", JAVASCRIPT),
    "pyodide_js": ("from pyodide_js import loadPackage", "ModuleNotFoundError", JAVASCRIPT),
    "run_js": ("from pyodide.code import run_js\nrun_js('1')", "RuntimeError", JAVASCRIPT),
    "run_sync": (
        "import asyncio\nfrom pyodide.ffi import run_sync\nrun_sync(asyncio.sleep(0))",
        "RuntimeError",
        "await the coroutine",
    ),
    "set_timeout": (
        "from pyodide.ffi.wrappers import set_timeout\nset_timeout(print, 1)",
        "RuntimeError",
        "call_later",
    ),
    "pyfetch": ("from pyodide.http import pyfetch\nawait pyfetch('https://example.com')", "OSError", NETWORK),
    "open_url": ("from pyodide.http import open_url\nopen_url('https://example.com')", "OSError", NETWORK),
    "pyxhr": ("from pyodide.http import pyxhr\npyxhr.get('https://example.com')", "OSError", NETWORK),
    # a terminal
    "breakpoint": ("breakpoint()", "RuntimeError", "no terminal"),
    "input": ("input()", "EOFError", ""),
}


@pytest.mark.parametrize(("code", "kind", "says"), ABSENT.values(), ids=ABSENT.keys())
def test_absent(sandbox, code, kind, says):
    result = sandbox.run(code)
    assert result.error is not None, result.value
    assert result.error.type == kind
    assert says in result.error.message
    assert sandbox.run("1 + 1").value == 2


def test_locks_work_as_long_as_nobody_waits(sandbox):
    code = """
    import threading, queue
    lock, again, event = threading.Lock(), threading.RLock(), threading.Event()
    with lock, again, again, threading.Condition(), threading.Semaphore(): pass
    local = threading.local()
    local.x = 1
    event.set()
    lock.acquire()
    q = queue.Queue()
    q.put(5)
    return (event.wait(), lock.acquire(blocking=False), lock.acquire(timeout=0.01), local.x, q.get(),
            threading.current_thread().name, threading.active_count())
    """
    assert sandbox.run("if 1:" + code).value == (True, False, False, 1, 5, "MainThread", 1)


def test_waiting_for_nobody_ends_by_its_own_time(sandbox):
    code = "import queue\ntry: queue.Queue().get(timeout=0.01)\nexcept queue.Empty: return 'empty'"
    assert sandbox.run(code).value == "empty"


def test_a_browser_is_not_there_to_open_anything(sandbox):
    assert sandbox.run("import webbrowser\nwebbrowser.open('https://example.com')").value is False
