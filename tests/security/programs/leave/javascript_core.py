# Loads the C module of the bridge to JavaScript behind the back of the importer that refuses it.
# ends: error GuestCrashed
# so that: "there is no JavaScript here" in error["message"]
from importlib.machinery import BuiltinImporter

BuiltinImporter.load_module("_pyodide_core")
