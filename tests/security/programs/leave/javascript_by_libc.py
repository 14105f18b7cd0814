# Calls Pyodide's C functions that lead to functions of JavaScript. Those have no names and no slots of their own here.
# for each: ["can_run_sync", "check_gil", "emscripten_dlopen_promise", "hiwire_invalid_ref", "init_pyodide_proxy", "jslib_init", "JsrString_FromId", "JsGenerator_send", "pyodide_export"]
# ends: error GuestCrashed
# so that: "there is no JavaScript here" in error["message"] or "there are no JavaScript promises here" in error["message"] or "to run JavaScript" in error["message"]
import ctypes

nothing = ctypes.create_string_buffer(64)
getattr(ctypes.CDLL(None), data["each"])(nothing, nothing, nothing)
