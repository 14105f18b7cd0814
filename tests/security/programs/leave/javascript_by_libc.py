# Calls the functions of Emscripten that run JavaScript or shell commands, by their names.
# ends: completed
# so that: result == []
import ctypes

lib = ctypes.CDLL(None)
names = """
emscripten_run_script emscripten_run_script_int emscripten_run_script_string emscripten_async_run_script
emscripten_asm_const_int emscripten_asm_const_ptr emscripten_asm_const_int_sync_on_main_thread emscripten_fetch
emscripten_wget emscripten_async_wget emscripten_throw_string emscripten_console_log
emscripten_promise_create JsvObject_CallMethod raw_call_js hiwire_call
""".split()
reached = []
for name in names:
    try:
        function = getattr(lib, name)
    except AttributeError:
        continue
    function.restype = ctypes.c_char_p
    reached.append((name, str(function(b"require('child_process').execSync('id')"))))
return reached
