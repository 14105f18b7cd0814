import numpy as np

rng = np.random.default_rng(5)
show = lambda array: [complex(np.round(value, 9)) + 0 for value in np.ravel(array)[:8]]
x = rng.normal(size=30)
result = [show(np.fft.fft(x)), show(np.fft.rfft(x)), show(np.fft.irfft(np.fft.rfft(x), 30)), show(np.fft.fft2(x.reshape(5, 6))), show(np.fft.ifft(x, 17, norm="ortho")), np.fft.fftfreq(6, 0.5).tolist(), np.fft.fftshift(np.arange(5)).tolist(), show(np.fft.fft(np.ones(97))), np.fft.fft(x.astype("f4")).dtype.str, show(np.fft.hfft(x[:5])), show(np.fft.fftn(x.reshape(2, 3, 5), axes=(0, 2)))]
