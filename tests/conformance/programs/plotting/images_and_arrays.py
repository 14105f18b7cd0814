import io

import numpy as np
from PIL import Image, ImageChops, ImageSequence, ImageStat

gradient = np.fromfunction(lambda r, c: (r * 3 + c * 5) % 256, (40, 60)).astype("u1")
image = Image.fromarray(gradient)
frames = [Image.fromarray(np.roll(gradient, 10 * n, 1)) for n in range(4)]
buffer = io.BytesIO()
frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=50, loop=0)
animated = Image.open(io.BytesIO(buffer.getvalue()))
stat = ImageStat.Stat(image)
problems = []
for action in (lambda: Image.open(io.BytesIO(b"not an image")), lambda: Image.open("none.png"), lambda: Image.fromarray(np.zeros((2, 2, 7))), lambda: Image.new("RGB", (-1, 5)), lambda: Image.open(io.BytesIO(b"\x89PNG\r\n\x1a\n")).load()):
    try:
        problems.append(action())
    except Exception as error:
        problems.append(f"{type(error).__name__}: {error}".partition(" <")[0])
result = (stat.mean, stat.extrema, image.histogram()[:5], animated.n_frames, [int(np.asarray(f.convert("L")).sum()) for f in ImageSequence.Iterator(animated)], int(np.asarray(ImageChops.difference(*frames[:2])).sum()), image.getbbox(), np.asarray(image.convert("RGBA")).shape, image.point(lambda v: 255 - v).getpixel((3, 3)), image.getcolors() is None, problems)
