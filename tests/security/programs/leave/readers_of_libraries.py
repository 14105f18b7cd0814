# Has numpy, pandas and the standard library read the host's file, by path and by address.
# ends: completed
# so that: all(each in ("FileNotFoundError", "URLError", "OSError", "ModuleNotFoundError", "ImportError") for each in result)
import fileinput, linecache, mmap, runpy, shelve, tokenize, urllib.request, zipimport
import numpy as np, pandas as pd


def tried(call, *args, **kwargs):
    try:
        return f"ESCAPED {call(*args, **kwargs)}"
    except Exception as error:
        return type(error).__name__ if not isinstance(error, zipimport.ZipImportError) else "ImportError"


file = data["file"]
assert linecache.getlines(file) == []
return [
    tried(np.fromfile, file), tried(np.loadtxt, file), tried(np.load, file, allow_pickle=True), tried(np.memmap, file),
    tried(np.genfromtxt, file), tried(pd.read_csv, file), tried(pd.read_json, "file://" + file), tried(pd.read_pickle, file),
    tried(pd.read_fwf, file), tried(urllib.request.urlopen, "file://" + file), tried(tokenize.open, file),
    tried(urllib.request.urlopen, f"http://127.0.0.1:{data['port']}/"), tried(pd.read_csv, f"http://127.0.0.1:{data['port']}/"),
    tried(pd.read_table, f"http://127.0.0.1:{data['service']}/metrics"), tried(runpy.run_path, file),
    tried(zipimport.zipimporter, file), tried(lambda: list(fileinput.input(file))),
]
