# Reaches for JavaScript by every module that would lead there, and from there to its host.
# ends: completed
# so that: set(result) <= {"ModuleNotFoundError", "ImportError", "RuntimeError", "AttributeError", "NameError", "OSError"}


def tried(code):
    try:
        exec(code, {})
        return "ESCAPED " + code
    except Exception as error:
        return type(error).__name__


return [
    tried("import js"),
    tried("from js import process"),
    tried("import pyodide_js"),
    tried("import _pyodide_core"),
    tried("from pyodide.code import run_js\nrun_js('globalThis.process.mainModule.require(\"child_process\")')"),
    tried("import pyodide_js._module"),
    tried("from pyodide.ffi import create_proxy\ncreate_proxy(print).constructor"),
    tried("from pyodide.ffi import run_sync\nrun_sync(None)"),
    tried("from pyodide.ffi import to_js\nto_js({}).constructor.constructor('return this')()"),
    tried("import pyodide.http\npyodide.http.open_url('file:///etc/passwd')"),
    tried("import pyodide\npyodide.code.run_js('1')"),
    tried("import importlib\nimportlib.reload(__import__('js'))"),
]
