import hashlib
import io

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

x = np.linspace(0, 10, 200)
figure, axes = plt.subplots(2, 1, figsize=(5, 4), dpi=80, sharex=True)
axes[0].plot(x, np.sin(x), label="sin $\\alpha^2$")
axes[0].plot(x, np.cos(x), "--", lw=2, label="cos é")
axes[0].legend(loc="upper right")
axes[1].fill_between(x, 0, x**0.5, alpha=0.4)
axes[1].set(title="Title", xlabel="seconds", yscale="log")
buffer = io.BytesIO()
figure.savefig(buffer, format="png")
plt.close(figure)
pixels = np.asarray(Image.open(io.BytesIO(buffer.getvalue())).convert("RGB"))
result = (pixels.shape, hashlib.sha256(pixels.tobytes()).hexdigest()[:16], round(float(pixels.mean()), 6), plt.get_fignums())
