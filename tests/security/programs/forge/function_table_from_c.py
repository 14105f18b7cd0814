# Has C call slots of the function table, as the comparison of a sort.
# for each: range(3, 115_000, 10_000)
# ends: completed or error GuestCrashed or error SystemExit or error SystemError or timeout TimeoutError
# so that: result in (None, "returned")
# with: timeout_s=1
import ctypes

numbers = (ctypes.c_int * 10)(*range(10))
ctypes.CDLL(None).qsort(numbers, 10, 4, data["each"])
return "returned"
