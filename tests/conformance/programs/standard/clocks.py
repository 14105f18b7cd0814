import calendar
import time

epoch = time.gmtime(1709211907)
before = time.monotonic()
time.sleep(0.01)
passed = time.monotonic() - before
result = (
    time.strftime("%Y-%m-%d %H:%M:%S", epoch), time.localtime(0)[:6], time.mktime((2024, 2, 29, 13, 5, 7, 0, 0, -1)), time.timezone, time.daylight, time.asctime(epoch), time.ctime(86400), time.strptime("29 Feb 2024", "%d %b %Y")[:8],
    0.009 < passed < 5, time.time() > 1.7e9, time.perf_counter_ns() > 0, time.get_clock_info("monotonic").monotonic, calendar.timegm(epoch), calendar.monthrange(2024, 2), calendar.isleap(1900), time.process_time() >= 0, time.gmtime(2**33).tm_year, time.gmtime(-(2**32)).tm_year,
)
print(calendar.month(2024, 2))
try:
    time.gmtime(1e20)
except (OverflowError, ValueError) as error:
    result += (f"{type(error).__name__}: {error}",)
