import io

import numpy as np
from scipy import cluster, fft
from scipy import io as scipy_io

rng = np.random.default_rng(31)
points = np.vstack([rng.normal(center, 0.3, (10, 2)) for center in (0, 3, 6)])
linkage = cluster.hierarchy.linkage(points, "ward")
centres, labels = cluster.vq.kmeans2(points, 3, rng=np.random.default_rng(0), minit="++")
scipy_io.savemat("m.mat", {"a": np.arange(6).reshape(2, 3), "text": "né", "cell": np.array([1, "x"], dtype=object)}, do_compression=True)
loaded = scipy_io.loadmat("m.mat")
scipy_io.wavfile.write("s.wav", 8000, np.int16([0, 1000, -1000, 5]))
show = lambda values: np.round(np.ravel(values)[:8], 7).tolist()
result = [show(linkage[-2:]), cluster.hierarchy.fcluster(linkage, 3, "maxclust").tolist(), sorted(show(centres[:, 0])), np.bincount(labels).tolist(), loaded["a"].tolist(), loaded["text"].tolist(), loaded["cell"].shape, scipy_io.wavfile.read("s.wav")[1].tolist(), show(fft.dct([1.0, 2, 3, 4])), show(np.abs(fft.fft(np.arange(7.0)))), show(fft.idst(fft.dst([1.0, 2, 3]))), fft.next_fast_len(97), show(cluster.hierarchy.cophenet(linkage)[:4]), cluster.hierarchy.leaves_list(linkage).tolist()[:5]]
