import numpy as np
from scipy import signal

rng = np.random.default_rng(10)
t = np.arange(500) / 500
x = np.sin(2 * np.pi * 7 * t) + 0.3 * np.sin(2 * np.pi * 90 * t) + 0.05 * rng.normal(size=500)
show = lambda values: np.round(np.abs(np.ravel(values)[:6]), 8).tolist()
b, a = signal.butter(4, 0.2)
sos = signal.cheby1(5, 1, [0.1, 0.4], "bandpass", output="sos")
frequencies, power = signal.welch(x, 500, nperseg=128)
result = [show(b), show(a), show(signal.filtfilt(b, a, x)), show(signal.sosfilt(sos, x)), show(signal.lfilter(b, a, x)[-5:]), signal.find_peaks(x, height=0.8, distance=20)[0].tolist(), show(power), show(signal.hilbert(x)), show(signal.savgol_filter(x, 11, 3)), show(signal.resample(x, 60)), show(signal.decimate(x, 5)), show(signal.convolve(x, np.ones(5) / 5, "same")), show(signal.fftconvolve(x, x[::-1])[495:]), show(signal.firwin(9, 0.3)), show(signal.stft(x, 500)[2][3]), show(signal.medfilt(x, 5)), show(signal.correlate(x[:20], x[5:15])), show(signal.get_window(("kaiser", 8.0), 8)), show(signal.freqz(b, a, 5)[1]), show(signal.TransferFunction([1], [1, 2, 1]).step(N=5)[1]), show(signal.detrend(x)), show(signal.remez(11, [0, 0.1, 0.2, 0.5], [1, 0])), show(signal.ellip(3, 1, 40, 0.3)[0]), show(signal.cont2discrete(([1], [1, 1]), 0.1)[0])]
