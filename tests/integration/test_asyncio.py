"""asyncio in the real sandbox: the standard library's, on a loop that sleeps."""

import pytest
from cellblock_sandbox import Limits

WORKS = {
    "run": ("async def f():\n    await asyncio.sleep(0.01)\n    return 5\nreturn asyncio.run(f())", 5),
    "run twice": ("async def f(): return 1\nreturn asyncio.run(f()) + asyncio.run(f())", 2),
    "top-level await": ("await asyncio.sleep(0.01, 'slept')", "slept"),
    "gather": ("await asyncio.gather(asyncio.sleep(0.02, 1), asyncio.sleep(0.01, 2))", [1, 2]),
    "as_completed": (
        "[await each for each in asyncio.as_completed([asyncio.sleep(1, 1), asyncio.sleep(0, 2)])]",
        [2, 1],
    ),
    "wait_for": ("try: await asyncio.wait_for(asyncio.sleep(60), 0.01)\nexcept TimeoutError: return 'late'", "late"),
    "timeout": (
        "try:\n    async with asyncio.timeout(0.01): await asyncio.sleep(60)\nexcept TimeoutError: return 'late'",
        "late",
    ),
    "group": (
        "async with asyncio.TaskGroup() as g:\n    t = [g.create_task(asyncio.sleep(0, n)) for n in range(3)]\n"
        "return [each.result() for each in t]",
        [0, 1, 2],
    ),
    "group that fails": (
        "async def fail(): raise ValueError\ntry:\n    async with asyncio.TaskGroup() as g:\n"
        "        g.create_task(fail())\n"
        "        await asyncio.sleep(60)\nexcept* ValueError: failed = True\nreturn failed",
        True,
    ),
    "queue": (
        "q, got = asyncio.Queue(1), []\nasync def put():\n    for n in range(3): await q.put(n)\n    q.shutdown()\n"
        "async def get():\n    try:\n        while True: got.append(await q.get())\n"
        "    except asyncio.QueueShutDown: pass\n"
        "await asyncio.gather(put(), get())\nreturn got",
        [0, 1, 2],
    ),
    "locks": (
        "async with asyncio.Lock(), asyncio.Semaphore(1), asyncio.Condition(): pass\n"
        "await asyncio.Barrier(1).wait()\nreturn 1",
        1,
    ),
    "event": ("e = asyncio.Event()\nasyncio.get_running_loop().call_later(0.01, e.set)\nreturn await e.wait()", True),
    "future of the loop": (
        "f = asyncio.get_running_loop().create_future()\nasyncio.get_running_loop().call_soon(f.set_result, 3)\n"
        "return await f",
        3,
    ),
    "cancel": (
        "t = asyncio.create_task(asyncio.sleep(60))\nawait asyncio.sleep(0)\nt.cancel()\n"
        "try: await t\nexcept asyncio.CancelledError: return 'cancelled'",
        "cancelled",
    ),
    "context variables": (
        "import contextvars\nv = contextvars.ContextVar('v', default=1)\nasync def f():\n    v.set(2)\n"
        "    return v.get()\n"
        "return await asyncio.create_task(f()), v.get()",
        (2, 1),
    ),
    "loop by hand": (
        "loop = asyncio.new_event_loop()\nloop.call_later(0.01, loop.stop)\nloop.run_forever()\nloop.close()\nreturn 1",
        1,
    ),
    "current loop, none running": ("asyncio.get_event_loop().run_until_complete(asyncio.sleep(0.01, 7))", 7),
    "pipes": (
        "import os\nr, w = os.pipe()\nloop, e = asyncio.get_running_loop(), asyncio.Event()\n"
        "loop.add_reader(r, e.set)\n"
        "loop.call_later(0.01, os.write, w, b'x')\nawait asyncio.wait_for(e.wait(), 10)\n"
        "return loop.remove_reader(r), loop.remove_reader(r), os.read(r, 9)",
        (True, False, b"x"),
    ),
    "a writable pipe": (
        "import os\nr, w = os.pipe()\nloop, e = asyncio.get_running_loop(), asyncio.Event()\n"
        "loop.add_writer(w, e.set)\n"
        "await asyncio.wait_for(e.wait(), 10)\nreturn loop.remove_writer(w)",
        True,
    ),
    "debug": ("asyncio.get_running_loop().set_debug(True)\nreturn await asyncio.sleep(0, 1)", 1),
    "pyodide's loop": (
        "from pyodide.webloop import WebLoop, WebLoopPolicy\nreturn WebLoop().run_until_complete(asyncio.sleep(0, 3))",
        3,
    ),
}


@pytest.mark.parametrize(("code", "expected"), WORKS.values(), ids=WORKS.keys())
def test_works(sandbox, code, expected):
    result = sandbox.run(f"import asyncio\n{code}")
    assert result.error is None, result.error
    assert result.value == expected


REFUSED = {
    "to_thread": ("await asyncio.to_thread(print)", "RuntimeError", "threads can't start in a sandbox: call"),
    "executor": ("await asyncio.get_running_loop().run_in_executor(None, print)", "RuntimeError", "threads can't"),
    "subprocess": ("await asyncio.create_subprocess_exec('ls')", "OSError", "processes can't start"),
    "shell": ("await asyncio.create_subprocess_shell('ls')", "OSError", "processes can't start"),
    "connection": ("await asyncio.open_connection('example.com', 80)", "OSError", "no network"),
    "server": ("await asyncio.start_server(print, '127.0.0.1', 80)", "OSError", "no network"),
    "look-up": ("await asyncio.get_running_loop().getaddrinfo('example.com', 80)", "OSError", "no network"),
    "socket": ("await asyncio.get_running_loop().sock_recv(None, 1)", "OSError", "no network"),
    "pipe transport": ("await asyncio.get_running_loop().connect_read_pipe(None, None)", "OSError", "add_reader"),
    "signals": (
        "async def f(): asyncio.get_running_loop().add_signal_handler(2, print)\nawait f()",
        "RuntimeError",
        "signal",
    ),
}


@pytest.mark.parametrize(("code", "kind", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(sandbox, code, kind, says):
    result = sandbox.run(f"import asyncio\n{code}")
    assert result.error.type == kind
    assert says in result.error.message
    assert sandbox.run("1 + 1").value == 2


def test_what_a_block_leaves_is_ended_with_it(sandbox):
    code = """
    import asyncio
    async def background():
        try: await asyncio.sleep(60)
        finally: print("task ended")
    async def numbers():
        try:
            yield 1
            yield 2
        finally:
            print("generator closed")
    task = asyncio.create_task(background())
    async for number in numbers(): break
    await asyncio.sleep(0)
    """
    assert sorted(sandbox.run("if 1:" + code).stdout.splitlines()) == ["generator closed", "task ended"]


# Where the deadline hits is not where the block waits: it hears of it all the same.
HIT_BESIDE = {
    "a task": "async def busy():\n    while True: pass\nt = asyncio.create_task(busy())\nawait asyncio.sleep(1000)",
    "a callback": "def busy():\n    while True: pass\nasyncio.get_running_loop().call_soon(busy)\n"
    "await asyncio.sleep(1000)",
    "a task that eats it": "async def busy():\n    try:\n        while True: pass\n    except OSError: pass\n"
    "t = asyncio.create_task(busy())\nawait asyncio.sleep(1000)",
}


@pytest.mark.parametrize("code", HIT_BESIDE.values(), ids=HIT_BESIDE.keys())
def test_the_block_hears_of_a_deadline_that_hit_elsewhere(image, code):
    told = "\n".join(f"    {line}" for line in code.splitlines())
    with image.sandbox(Limits(timeout_s=0.3, grace_s=20)) as sandbox:
        result = sandbox.run(f"import asyncio\ntry:\n{told}\nfinally:\n    print('tidy')")
        assert (result.status, result.error.type, result.stdout) == ("timeout", "TimeoutError", "tidy\n")
        assert result.error.line is not None
        assert sandbox.alive
