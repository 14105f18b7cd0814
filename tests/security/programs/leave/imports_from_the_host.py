# Imports from the host's folders: by sys.path, by loaders, by a .pth file, from an archive.
# ends: completed
# so that: set(result) <= {"ModuleNotFoundError", "FileNotFoundError", "ImportError", "ZipImportError"}
import importlib.machinery, importlib.util, os, site, sys

sys.path[:0] = [data["folder"], os.path.dirname(data["folder"]), data["file"], "/usr/lib/python3", "/usr/lib/python3/dist-packages"]
site.addsitedir(data["folder"])
importlib.invalidate_caches()


def tried(call, *args):
    try:
        return f"ESCAPED {call(*args)}"
    except (ImportError, OSError) as error:
        return type(error).__name__


def load(loader):
    spec = importlib.util.spec_from_loader("stolen", loader)
    return loader.exec_module(importlib.util.module_from_spec(spec))


return [
    tried(__import__, "secret"), tried(__import__, "apt"), tried(__import__, "wasmtime"), tried(__import__, "aiohttp"),
    tried(__import__, "cellblock_service"), tried(__import__, "cellblock_sandbox"),
    tried(load, importlib.machinery.SourceFileLoader("stolen", data["file"])),
    tried(load, importlib.machinery.ExtensionFileLoader("stolen", "/lib/x86_64-linux-gnu/libc.so.6")),
]
