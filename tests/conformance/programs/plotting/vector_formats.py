import hashlib
import io
import re

import matplotlib

matplotlib.use("agg")
matplotlib.rcParams["svg.hashsalt"] = "fixed"
import matplotlib.pyplot as plt

figure, axes = plt.subplots(figsize=(3, 2))
axes.plot([1, 3, 2], marker="o")
axes.set_title("Vectors é")
outcomes = []
for kind in ("svg", "pdf", "ps", "pgf"):
    buffer = io.BytesIO()
    try:
        figure.savefig(buffer, format=kind, metadata={"Date": None} if kind == "svg" else {"CreationDate": None} if kind == "pdf" else None)
    except Exception as error:
        outcomes.append((kind, type(error).__name__))
        continue
    text = re.sub(rb"%%CreationDate.*", b"", buffer.getvalue())
    outcomes.append((kind, len(text), hashlib.sha256(text).hexdigest()[:16]))
plt.close(figure)
result = outcomes
