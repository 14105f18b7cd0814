from datetime import UTC, date, datetime, time, timedelta, timezone

moment = datetime(2024, 2, 29, 13, 5, 7, 123456, tzinfo=timezone(timedelta(hours=5, minutes=30)))
span = timedelta(days=-1, seconds=5, microseconds=3)
texts = ["2024-W09-4", "20240229T130507Z", "2024-02-29 13:05:07.5+05:30", "2024-02-29"]
parsed = [repr(datetime.fromisoformat(text)) for text in texts]
formats = ["%Y-%m-%dT%H:%M:%S.%f%z", "%a %d %b %Y %I:%M %p", "%j %U %W %V %G %u %w", "%A, %B %-d", "%c | %x | %X", "%Z %% %y"]
problems = []
for action in (lambda: date(2023, 2, 29), lambda: datetime.strptime("31/02/2024", "%d/%m/%Y"), lambda: datetime.fromisoformat("2024-13-01"), lambda: moment < datetime(2024, 1, 1), lambda: date.max + timedelta(1), lambda: datetime.strptime("x", "%Q")):
    try:
        action()
    except (ValueError, TypeError, OverflowError) as error:
        problems.append(f"{type(error).__name__}: {error}")
result = (
    moment.isoformat(), moment.astimezone(UTC), span, repr(span), span / 2, -span // timedelta(hours=1), span.total_seconds(), parsed, [moment.strftime(f) for f in formats], moment.timestamp(), datetime.fromtimestamp(0, UTC), datetime.fromtimestamp(-1.5, UTC),
    date(2024, 12, 30).isocalendar(), date.fromordinal(1), (date(2024, 3, 1) - date(2023, 3, 1)).days, time(1, 2).replace(microsecond=5), moment.utctimetuple()[:6], datetime.strptime("Feb 29 24 01PM", "%b %d %y %I%p"), divmod(timedelta(days=3), timedelta(hours=7)), datetime.min.isoformat(), problems,
)
