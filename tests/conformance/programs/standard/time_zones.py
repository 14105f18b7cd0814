from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

berlin, apia, york = ZoneInfo("Europe/Berlin"), ZoneInfo("Pacific/Apia"), ZoneInfo("America/New_York")
gap = datetime(2024, 3, 31, 2, 30, tzinfo=berlin)
fold = [datetime(2024, 10, 27, 2, 30, tzinfo=berlin, fold=f) for f in (0, 1)]
steps = [(datetime(2024, 3, 10, 6, 0, tzinfo=UTC) + timedelta(hours=h)).astimezone(york).isoformat() for h in range(3)]
far = datetime(2100, 7, 1, tzinfo=berlin)
try:
    ZoneInfo("Mars/Olympus")
except ZoneInfoNotFoundError as error:
    problem = str(error)
result = (gap.utcoffset(), gap.astimezone(UTC), [(f.tzname(), f.utcoffset()) for f in fold], steps, far.isoformat(), far.dst(), datetime(2011, 12, 31, tzinfo=apia).astimezone(UTC), datetime(1900, 1, 1, tzinfo=berlin).utcoffset(), repr(york), problem, "Asia/Kolkata" in available_timezones())
