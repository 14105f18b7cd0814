import hashlib
import io

from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps, features

image = Image.new("RGB", (64, 48), "navy")
draw = ImageDraw.Draw(image)
draw.ellipse((8, 8, 40, 40), fill=(255, 128, 0), outline="white", width=2)
draw.text((4, 2), "Ab", fill="yellow", font=ImageFont.load_default(12))
digest = lambda picture: hashlib.sha256(picture.tobytes()).hexdigest()[:12]
outcomes = [digest(image)]
for kind, options in (("PNG", {}), ("JPEG", {"quality": 80}), ("GIF", {}), ("BMP", {}), ("WEBP", {"lossless": True}), ("TIFF", {"compression": "tiff_lzw"}), ("PPM", {}), ("ICO", {}), ("PDF", {}), ("JPEG2000", {}), ("AVIF", {})):
    buffer = io.BytesIO()
    try:
        image.save(buffer, kind, **options)
        back = Image.open(io.BytesIO(buffer.getvalue()))
        outcomes.append((kind, back.format, back.size, back.mode, digest(back.convert("RGB"))))
    except (OSError, KeyError, ValueError) as error:
        outcomes.append((kind, f"{type(error).__name__}: {error}"[:60].partition(" at 0x")[0].partition("<_io")[0]))
for change in (lambda i: i.resize((20, 15), Image.Resampling.LANCZOS), lambda i: i.rotate(30, Image.Resampling.BICUBIC, expand=True), lambda i: i.filter(ImageFilter.GaussianBlur(2)), lambda i: i.convert("L"), lambda i: i.quantize(8).convert("RGB"), ImageOps.autocontrast, lambda i: i.convert("HSV"), lambda i: i.crop((5, 5, 20, 20)).transpose(Image.Transpose.ROTATE_90), lambda i: i.convert("CMYK")):
    outcomes.append(digest(change(image)))
result = (outcomes, sorted(name for name in ("jpg", "zlib", "libtiff", "freetype2", "webp", "jpg_2000", "raqm", "littlecms2") if features.check(name)))
