import importlib
import importlib.metadata
import importlib.resources
import importlib.util
import os
import pkgutil
import sys
import textwrap
import zipfile

os.makedirs("packages/demo/inner")
for path, source in {"__init__": "from .inner import value\n__version__ = '1.2'\n", "inner/__init__": "value = 5\nprint('inner imported')\n", "broken": "x = = 1\n", "data": ""}.items():
    with open(f"packages/demo/{path}.py", "w") as file:
        file.write(source)
with open("packages/demo/notes.txt", "w") as file:
    file.write("a resource\n")
with zipfile.ZipFile("zipped.zip", "w") as archive:
    archive.writestr("from_zip.py", textwrap.dedent("answer = 42\ndef where(): return __file__\n"))
sys.path[:0] = ["packages", "zipped.zip"]
import demo
import from_zip

problems = []
for name in ("demo.broken", "demo.absent", "..demo", "demo.inner.value"):
    try:
        importlib.import_module(name)
    except Exception as error:
        problems.append(f"{type(error).__name__}: {error}")
importlib.reload(demo.inner)
result = (demo.value, demo.__path__, importlib.resources.files("demo").joinpath("notes.txt").read_text(), from_zip.answer, from_zip.where(), sorted(m.name for m in pkgutil.iter_modules(demo.__path__)), importlib.util.find_spec("demo.data").origin, problems)
del sys.path[:2]
