import time
from datetime import UTC, datetime

result = (time.tzname, time.strftime("%Z", time.localtime(0)), datetime(2024, 7, 1, tzinfo=UTC).astimezone(None).tzname())
