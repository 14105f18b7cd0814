import numpy as np

days = np.arange("2024-02-27", "2024-03-03", dtype="M8[D]")
problems = []
for action in (lambda: np.datetime64("2024-13-01"), lambda: np.datetime64("now", "D") < np.datetime64("2020-01-01"), lambda: np.timedelta64(1, "M") + np.timedelta64(1, "D"), lambda: np.datetime64("2024-01-01", "fs").astype("M8[Y]")):
    try:
        problems.append(repr(action()))
    except (ValueError, TypeError, OverflowError) as error:
        problems.append(str(error))
result = [days.astype(str).tolist(), (days[1:] - days[:-1]).tolist(), np.busday_count("2024-02-01", "2024-03-01"), np.busday_offset("2024-02-29", 3, holidays=["2024-03-04"]).item(), np.is_busday(days).tolist(), days.astype("M8[M]").astype(int).tolist(), np.datetime64("2024-02-29T12:34:56.789").item(), np.timedelta64(90, "m") / np.timedelta64(1, "h"), np.isnat(np.array(["NaT", "2024"], "M8[s]")).tolist(), np.datetime_as_string(np.datetime64(0, "ns"), unit="m", timezone="UTC"), problems]
