"""The imports of Pyodide's main module that Cellblock deliberately doesn't provide, each with the reason.

With an errno, the guest is told so and goes on (sockets.py). Without one the import has no host function: calling it
ends the run by name (`missing`, dynload.py), and seeing that in normal use is a bug of ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cellblock_sandbox.abi.tables import EAFNOSUPPORT, ENOTSOCK


@dataclass(frozen=True)
class Refusal:
    """An import that isn't provided; `errno` is what the guest gets, None if the call ends the run."""

    name: str
    group: str
    reason: str
    errno: int | None = None


JAVASCRIPT_BRIDGE: Final = """
    JsArray_count_js JsArray_index_js JsArray_inplace_repeat_js JsArray_repeat_js JsArray_reverse_js
    JsArray_reversed_iterator JsBuffer_DecodeString_js JsBuffer_get_info JsDoubleProxy_unwrap_js
    JsException_new_helper JsMap_GetIter_js JsMap_clear_js JsModule_GetAll_js JsObjMap_GetIter_js
    JsObjMap_ass_subscript_js JsObjMap_contains_js JsObjMap_length_js JsObjMap_subscript_js JsProxy_Bool_js
    JsProxy_DelAttr_js JsProxy_Dir_js JsProxy_GetAsyncIter_js JsProxy_GetAttr_js JsProxy_GetIter_js
    JsProxy_SetAttr_js JsProxy_aexit_js JsProxy_compute_typeflags JsProxy_exit_js JsProxy_subscript_js
    JsProxy_to_weakref_js JsvArray_Check JsvArray_Delete JsvArray_Extend JsvArray_Get JsvArray_Insert JsvArray_New
    JsvArray_Push JsvArray_Set JsvArray_ShallowCopy JsvArray_slice JsvArray_slice_assign JsvAsyncGenerator_Check
    JsvBigInt_fromDigits JsvBigInt_fromInt JsvBuffer_assignFromPtr JsvBuffer_assignToPtr JsvBuffer_intoFile
    JsvBuffer_readFromFile JsvBuffer_writeToFile JsvError_Check JsvError_Throw JsvFunction_CallBound
    JsvFunction_Call_OneArg JsvFunction_Check JsvFunction_Construct JsvGenerator_Check JsvLiteralMap_New JsvMap_New
    JsvMap_Set JsvNoValue_Check JsvNum_fromDouble JsvNum_fromInt JsvNum_toInt JsvObject_CallMethod
    JsvObject_CallMethod_NoArgs JsvObject_CallMethod_OneArg JsvObject_CallMethod_TwoArgs JsvObject_Entries
    JsvObject_Keys JsvObject_New JsvObject_SetAttr JsvObject_Values JsvObject_toString JsvPromise_Check
    JsvPromise_Resolve JsvPromise_Syncify_handleError JsvSet_Add JsvSet_New JsvUTF8ToString Jsv_BigIntToNum
    Jsv_GetError_import Jsv_constructorName Jsv_equal Jsv_greater_than Jsv_greater_than_equal Jsv_less_than
    Jsv_less_than_equal Jsv_not_equal Jsv_to_bool Jsv_typeof _JsArray_PostProcess_helper _JsArray_PushEntry_helper
    _JsObject_Set_js _agen_handle_result_js _pyproxyGen_make_result _pyproxy_get_buffer_result
    _python2js_add_to_cache _python2js_addto_postprocess_list _python2js_ascii _python2js_buffer_inner
    _python2js_cache_lookup _python2js_handle_postprocess_list _python2js_ucs1 _python2js_ucs2 _python2js_ucs4
    array_to_js can_run_sync_js capture_stderr create_once_callable create_promise_handles destroy_jsarray_entries
    destroy_proxies destroy_proxies_js destroy_proxy gc_register_proxies get_async_js_call_done_callback
    get_length_helper get_length_string get_suspender handle_next_result_js hiwire_invalid_ref_js is_comlink_proxy
    js2python_convert js2python_immutable_js js2python_js jslib_init_buffers_js jslib_init_js my_dict_converter
    new_error proxy_cache_get proxy_cache_set pyodide_js_init pyproxy_AsPyObject pyproxy_Check pyproxy_new
    pyproxy_new_ex python2js__default_converter_js python2js__eager_converter_js python2js_custom__create_jscontext
    raw_call_js restoreState restore_stderr saveState set_pyodide_module set_suspender syncifyHandler throw_no_gil
    wrap_async_generator wrap_generator
"""

JAVASCRIPT_PROMISES: Final = """
    emscripten_promise_create emscripten_promise_destroy emscripten_promise_resolve
"""

UPSTREAM_TESTS: Final = """
    emscripten_asm_const_int emscripten_set_up_async_input_device_js fail_test
"""

TRAMPOLINE: Final = "_PyEM_TrampolineCall_JS"

SOCKETS: Final = """
    __syscall_accept4 __syscall_bind __syscall_connect __syscall_getpeername __syscall_getsockname
    __syscall_getsockopt __syscall_listen __syscall_recvfrom __syscall_recvmsg __syscall_sendmsg __syscall_sendto
"""


def _group(group: str, reason: str, names: str, errno: int | None = None) -> dict[str, Refusal]:
    return {name: Refusal(name, group, reason, errno) for name in names.split()}


REFUSALS: Final[dict[str, Refusal]] = {
    **_group("JavaScript bridge", "there is no JavaScript here", JAVASCRIPT_BRIDGE),
    **_group("JavaScript bridge", "there are no JavaScript promises here", JAVASCRIPT_PROMISES),
    **_group("tests", "only upstream's own tests use it, to run JavaScript", UPSTREAM_TESTS),
    **_group("trampoline", "CPython is given a trampoline in WebAssembly (linking/glue.py)", TRAMPOLINE),
    **_group("sockets", "a sandbox has no network", "__syscall_socket", EAFNOSUPPORT),
    **_group("sockets", "a sandbox has no network, so no descriptor is a socket", SOCKETS, ENOTSOCK),
}
