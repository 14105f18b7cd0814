# Has a C function's slot in the table replaced by a closure of the block's.
# ends: completed
# so that: result == [5, 7, True]
import ctypes

lib = ctypes.CDLL(None)
make = ctypes.CFUNCTYPE(ctypes.c_int)
function = make(lambda: 5)
signature = (ctypes.c_int * 8)(1, 0, 0, 0, 0, 0, 0)
void = (ctypes.c_int * 3)(1, 1, 0)
signature[3] = ctypes.addressof(void)
closure = ctypes.create_string_buffer(64)
slots = [ctypes.cast(function, ctypes.c_void_p).value, ctypes.cast(lib.abs, ctypes.c_void_p).value, 1, 0x7FFFFFF0]
refused = [lib.ffi_prep_closure_loc(closure, signature, 1, 0, slot) != 0 for slot in slots]
return [function(), lib.abs(-7), all(refused)]
