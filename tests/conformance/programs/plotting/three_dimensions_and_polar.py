import hashlib

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np

figure = plt.figure(figsize=(6, 3), dpi=70)
solid = figure.add_subplot(121, projection="3d")
x, y = np.mgrid[-2:2:20j, -2:2:20j]
solid.plot_surface(x, y, np.exp(-(x**2) - y**2), cmap="coolwarm")
round_one = figure.add_subplot(122, projection="polar")
round_one.plot(np.linspace(0, 6, 100), np.linspace(0, 1, 100))
round_one.annotate("here", (1, 0.5), arrowprops={"arrowstyle": "->"})
figure.canvas.draw()
pixels = np.asarray(figure.canvas.buffer_rgba())
plt.close(figure)
result = (pixels.shape, hashlib.sha256(pixels.tobytes()).hexdigest()[:16], round(float(pixels[..., :3].mean()), 6))
