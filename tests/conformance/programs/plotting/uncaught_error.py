import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt

print("drawing")
plt.plot([1, 2, 3], [1, 2])
