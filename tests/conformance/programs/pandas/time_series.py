import numpy as np
import pandas as pd

index = pd.date_range("2024-03-30 22:00", periods=60, freq="h", tz="Europe/Berlin")
series = pd.Series(np.arange(60.0), index=index)
print(series.resample("D").agg(["sum", "count", "min"]))
print(series.tz_convert("UTC").iloc[:4])
print(series.rolling("6h").mean().tail(2), series.shift(2, freq="h").head(1), sep="\n")
business = pd.bdate_range("2024-02-28", periods=4)
result = [str(index[4]), series.between_time("09:00", "10:00").tolist(), business.strftime("%a %d").tolist(), pd.Timestamp("2024-02-29") + pd.DateOffset(years=1), pd.period_range("2024Q1", periods=3, freq="Q").astype(str).tolist(), pd.Timedelta("1 days 02:03:04.5").total_seconds(), pd.to_datetime(["29/02/2024"], dayfirst=True)[0], pd.Timestamp("2024-10-27 02:30", tz="Europe/Berlin") if False else str(pd.Timestamp("2024-10-27 00:30", tz="UTC").tz_convert("Europe/Berlin")), series.asfreq("12h").interpolate().round(2).tolist(), pd.offsets.MonthEnd().rollforward(pd.Timestamp("2024-02-10")), series.groupby(series.index.dayofweek).sum().to_dict(), pd.infer_freq(business), series.ewm(span=3).mean().iloc[-1]]
for bad in ("2024-03-31 02:30",):
    try:
        pd.Timestamp(bad).tz_localize("Europe/Berlin")
    except Exception as error:
        result.append(f"{type(error).__name__}: {error}")
