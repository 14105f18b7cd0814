"""Two sandboxes share nothing, and neither sees anything of the host."""

import ctypes
import getpass
import os
import socket
import sys
from pathlib import Path

import pytest
from cellblock_sandbox.machine.thread import guest_thread

# code that leaves a mark, code that looks for it, what a clean sandbox answers
MARKS = {
    "file": ("open('/home/pyodide/mark', 'w').write('x')", "import os\nos.path.exists('/home/pyodide/mark')", False),
    "file in /tmp": ("open('/tmp/mark', 'w').write('x')", "import os\nos.listdir('/tmp')", []),
    "library file": (
        "import json\nopen(json.__file__ + '.mark', 'w').write('x') if 0 else None\nimport numpy, os\n"
        "open(os.path.dirname(numpy.__file__) + '/mark.py', 'w').write('x')",
        "import numpy, os\nos.path.exists(os.path.dirname(numpy.__file__) + '/mark.py')", False),
    "changed library": (
        "import os, numpy\nopen(numpy.__file__, 'w').write('broken = 1')",
        "import numpy\n'broken' in open(numpy.__file__).read()", False),
    "removed library": (
        "import os, numpy\nos.remove(numpy.__file__)", "import os, numpy\nos.path.exists(numpy.__file__)", True),
    "module": ("import sys\nsys.modules['mark'] = sys", "import sys\n'mark' in sys.modules", False),
    "patched module": ("import json\njson.mark = 1", "import json\nhasattr(json, 'mark')", False),
    "builtin": ("import builtins\nbuiltins.mark = 1", "import builtins\nhasattr(builtins, 'mark')", False),
    "global": ("mark = 1", "'mark' in globals()", False),
    "environment": ("import os\nos.environ['MARK'] = '1'", "import os\nos.environ.get('MARK')", None),
    "working directory": ("import os\nos.chdir('/tmp')", "import os\nos.getcwd()", "/home/pyodide"),
    "signal handler": (
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nNone",
        "import signal\ncallable(signal.getsignal(signal.SIGINT))", True),
    "numpy settings": ("import numpy as np\nnp.seterr(all='raise')", "import numpy as np\nnp.geterr()['over']", "warn"),
    "pandas settings": (
        "import pandas as pd\npd.set_option('display.max_rows', 3)",
        "import pandas as pd\npd.get_option('display.max_rows')", 60),
    "memory": (
        "import ctypes\nctypes.c_int.in_dll(ctypes.pythonapi, 'Py_OptimizeFlag').value = 7",
        "import ctypes\nctypes.c_int.in_dll(ctypes.pythonapi, 'Py_OptimizeFlag').value", 0),
    "descriptor": ("import os\nos.dup2(1, 9)", "import os\ntry: os.fstat(9)\nexcept OSError: return 0", 0),
    "stdout": ("import os\nos.close(1)", "print('here')\n1", 1),
    "recursion limit": ("import sys\nsys.setrecursionlimit(50)", "import sys\nsys.getrecursionlimit() > 50", True),
}  # fmt: skip


@pytest.mark.parametrize(("leave", "look", "clean"), MARKS.values(), ids=MARKS.keys())
def test_nothing_is_left_for_the_next(image, leave, look, clean):
    with image.sandbox() as first, image.sandbox() as second:
        assert first.run(leave).error is None
        assert second.run(look).value == clean
        with image.sandbox() as third:
            assert third.run(look).value == clean


def test_two_sandboxes_take_turns(image):
    with image.sandbox() as first, image.sandbox() as second:
        for number in range(5):
            first.run(f"import builtins\nbuiltins.n = {number}")
            second.run(f"import builtins\nbuiltins.n = -{number}")
            assert [each.run("n").value for each in (first, second)] == [number, -number]


RANDOM = {
    "random": "import random\nrandom.random()",
    "random instance": "import random\nrandom.Random().random()",
    "choice": "import random\n''.join(random.choices('abcdefgh', k=30))",
    "shuffle": "import random\nx = list(range(100))\nrandom.shuffle(x)\nx",
    "secrets": "import secrets\nsecrets.token_hex(8)",
    "urandom": "import os\nos.urandom(8)",
    "uuid1": "import uuid\nstr(uuid.uuid1())[14:]",
    "uuid node": "import uuid\nuuid.getnode()",
    "uuid4": "import uuid\nstr(uuid.uuid4())",
    "uuid7": "import uuid\nstr(uuid.uuid7())[14:]",
    "tempfile": "import tempfile\ntempfile.mktemp()",
    "tempfile directory": "import tempfile\ntempfile.mkdtemp()",
    "numpy legacy": "import numpy as np\nnp.random.rand(3).tolist()",
    "numpy legacy integers": "import numpy as np\nnp.random.randint(0, 10**9, 3).tolist()",
    "numpy generator": "import numpy as np\nnp.random.default_rng().random(3).tolist()",
    "numpy RandomState": "import numpy as np\nnp.random.RandomState().rand(3).tolist()",
    "numpy SeedSequence": "import numpy as np\nstr(np.random.SeedSequence().entropy)",
    "numpy normal": "import numpy as np\nnp.random.normal(size=3).tolist()",
    "pandas sample": "import pandas as pd\npd.Series(range(10**4)).sample(5).tolist()",
}


@pytest.mark.parametrize("code", RANDOM.values(), ids=RANDOM.keys())
def test_randomness_is_each_sandboxs_own(image, code):
    values = []
    for _ in range(3):
        with image.sandbox() as sandbox:
            result = sandbox.run(code)
            assert result.error is None, result.error
            values.append(str(result.value))
    assert len(set(values)) == 3


def test_seeded_randomness_is_everywhere_the_same(image):
    code = (
        "import random, numpy as np\nrandom.seed(1)\nnp.random.seed(1)\nreturn random.random(), float(np.random.rand())"
    )
    values = []
    for _ in range(2):
        with image.sandbox() as sandbox:
            values.append(sandbox.run(code).value)
    assert values[0] == values[1] == (0.13436424411240122, 0.417022004702574)


# ---- the host

HOST_FILES = [
    "/etc/passwd", "/etc/hostname", "/etc/hosts", "/proc/self/environ", "/proc/version", "/sys/kernel", "/root",
    "/usr/bin/python3", "/var/log", "/dev/mem", "/dev/sda", "/run", str(Path.home()),
    sys.executable, __file__, os.getcwd(),
]  # fmt: skip


def test_host_files_are_not_there(sandbox):
    code = "import os\nreturn [path for path in data if os.path.exists(path)]"
    assert sandbox.run(code, data=HOST_FILES).value == []


@pytest.mark.parametrize("way", ["/tmp/../../../..{}", "/home/pyodide/../../..{}", "/dev/fd/../../..{}", "//{}"])
def test_no_way_around(sandbox, way):
    code = "import os\nreturn os.path.exists(data)"
    assert sandbox.run(code, data=way.format(__file__)).value is False


def test_symbolic_links_stay_inside(sandbox):
    code = "import os\nos.symlink(data, 'link')\ntry: return open('link').read()\nexcept OSError as e: return e.errno"
    assert sandbox.run(code, data=__file__).value == 44


def test_the_top_of_the_tree(sandbox):
    listed, proc = sandbox.run("import os\nreturn os.listdir('/'), [each[1] for each in os.walk('/proc')][:2]").value
    assert set(listed) <= {"dev", "home", "lib", "tmp", "etc", "usr", "cellblock", "proc"}
    assert proc == [["self"], ["fd"]]


def test_the_environment_is_the_guests_own(sandbox, monkeypatch):
    monkeypatch.setenv("CELLBLOCK_CANARY", "seen")
    environment = sandbox.run("import os\ndict(os.environ)").value
    assert "CELLBLOCK_CANARY" not in environment
    assert set(environment) <= {
        "HOME", "LANG", "LOGNAME", "MPLBACKEND", "MPLCONFIGDIR", "PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONHOME",
        "PYTHONPATH", "PYTHONUTF8", "TZ", "USER",
    }  # fmt: skip


def test_nothing_of_the_host_is_told(sandbox):
    code = """
import os, sys, platform, socket, sysconfig, site, getpass, json
def safe(f):
    try: return str(f())
    except Exception as e: return str(e)
import numpy, pandas
told = [sys.path, sys.argv, sys.prefix, sys.base_prefix, sys.executable, sys.orig_argv, sys.version, sys.flags,
        os.getcwd(), os.uname(), dict(os.environ), platform.platform(), platform.node(), safe(socket.gethostname),
        safe(getpass.getuser), safe(os.getlogin), os.getpid(), os.getuid(), safe(sysconfig.get_paths),
        [getattr(m, '__file__', '') for m in sys.modules.values()], [str(m) for m in sys.path_importer_cache],
        numpy.__file__, pandas.__path__._path if hasattr(pandas.__path__, '_path') else list(pandas.__path__)]
return str(told)
"""
    told = sandbox.run(code).value
    # Words that say something only if they are long enough not to turn up by chance.
    names = {str(Path.home()), str(Path(__file__).parents[2]), sys.prefix, socket.gethostname(), getpass.getuser()}
    names.add(str(os.getpid()))
    assert [name for name in names if len(name) > 5 and name in told] == []


def test_paths_of_the_guest_are_its_own(sandbox):
    paths = sandbox.run("import sys\n[p for p in sys.path if not p.startswith(('/lib/', '/cellblock', '/home'))]").value
    assert [path for path in paths if path not in ("", "/")] == []


def test_the_image_holds_nothing_of_the_build_machine(image):
    """The memory that every guest starts from, searched as the guest could search it."""
    code = """
import ctypes
memory = (ctypes.c_char * 60_000_000).from_address(1024)
text = bytes(memory)
return [word for word in data if word.encode() in text]
"""
    words = [str(Path.home()) + "/", str(Path(__file__).parents[2]), sys.prefix, os.environ.get("PATH", "no path")]
    wanted = [word for word in words if len(word) > 6]
    with image.sandbox() as sandbox:
        # The request itself lies in memory too: in pieces, which the guest puts together after it took the copy.
        result = sandbox.run(
            code.replace("in data", "in [a + b for a, b in data]"), data=[[word[:3], word[3:]] for word in wanted]
        )
        assert result.error is None, result.error
        assert result.value == []


def test_no_network(sandbox):
    code = """
import socket
try:
    s = socket.socket()
    s.connect(('127.0.0.1', data))
    return 'connected'
except OSError as e:
    return 'refused'
"""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(0.2)
        assert sandbox.run(code, data=listener.getsockname()[1]).value == "refused"
        with pytest.raises(TimeoutError):
            listener.accept()


def test_no_javascript(sandbox):
    for module in ("js", "pyodide_js", "_pyodide_core"):
        assert sandbox.run(f"import {module}").error.type == "ModuleNotFoundError"
    assert sandbox.run("from pyodide.code import run_js\nrun_js('1')").status == "error"


def test_no_sandbox_sees_what_was_in_the_memory_of_another(image):
    """Memory is mapped once and used by one after another: byte for byte, each begins with the image."""
    code = """
import builtins
seen = getattr(builtins, "mark", None)
builtins.mark, block = data, b"secret" * data
return seen, data
"""
    original = ctypes.string_at(image._memory.address, image._memory.size)
    for size in (1, 1000, 1_000_000, 50_000_000, 1):
        with image.sandbox() as sandbox:
            assert sandbox.run(code, data=size).value == (None, size)
        found = memory_of_next_guest(image)
        assert (len(found), found == original) == (len(original), True)


def memory_of_next_guest(image):
    """What memory holds when a guest begins, before anything runs in it."""
    instance = guest_thread.run(image._runtime.program.instantiate, image._memory, 1 << 30)
    found = bytes(instance.memory.view(0, instance.memory.size))
    guest_thread.run(instance.close)
    return found
