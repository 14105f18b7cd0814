import datetime
import hashlib

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib import colors, dates, font_manager, ticker

days = [datetime.datetime(2024, 1, 1) + datetime.timedelta(days=9 * n) for n in range(12)]
with plt.style.context("ggplot"):
    figure, axes = plt.subplots(figsize=(5, 2.5), dpi=75)
    axes.step(days, np.arange(12) ** 2, where="mid")
    axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(axes.xaxis.get_major_locator()))
    axes.yaxis.set_major_formatter(ticker.EngFormatter(unit="Hz"))
    axes.axvspan(days[2], days[4], color="tab:red", alpha=0.2)
    figure.autofmt_xdate()
    figure.canvas.draw()
labels = [label.get_text() for label in (*axes.get_xticklabels(), *axes.get_yticklabels())]
pixels = np.asarray(figure.canvas.buffer_rgba())
plt.close(figure)
result = (labels, hashlib.sha256(pixels.tobytes()).hexdigest()[:16], colors.to_hex("rebeccapurple"), font_manager.findfont("DejaVu Sans").rpartition("/")[2], len(plt.colormaps()), matplotlib.get_backend(), plt.rcParams["font.family"])
