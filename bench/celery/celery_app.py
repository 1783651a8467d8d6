"""The five renditions as Celery tasks with Pillow, in the two ways that Pillow is used."""

import os

from celery import Celery
from PIL import Image, ImageOps

app = Celery("bench", broker=os.environ["BROKER_URL"], backend=os.environ["BROKER_URL"])
app.conf.worker_prefetch_multiplier = 1


@app.task
def plain(source, folder):
    """As Pillow's own examples do it: open, turn upright, and for each rendition a thumbnail of a copy."""
    with Image.open(source) as image:
        image = ImageOps.exif_transpose(image).convert("RGB")
        render_jpegs(image, folder)
        within(image, 640).save(f"{folder}/webp.webp", quality=80)


@app.task
def draft(source, folder):
    """For those who know more: libjpeg decodes at a half of the size as well, the WebP is as large as the medium one."""
    with Image.open(source) as image:
        image.draft("RGB", (1080, 1080))
        medium = render_jpegs(ImageOps.exif_transpose(image).convert("RGB"), folder)
        medium.save(f"{folder}/webp.webp", quality=80, method=2)


def render_jpegs(image, folder):
    os.makedirs(folder, exist_ok=True)
    within(image, 1080).save(f"{folder}/large.jpg", quality=85, optimize=True)
    medium = within(image, 640)
    medium.save(f"{folder}/medium.jpg", quality=85, optimize=True)
    within(image, 320).save(f"{folder}/small.jpg", quality=85, optimize=True)
    square = ImageOps.fit(image, (150, 150), Image.Resampling.LANCZOS)
    square.save(f"{folder}/thumbnail.jpg", quality=85, optimize=True)
    return medium


def within(image, side):
    copy = image.copy()
    copy.thumbnail((side, side), Image.Resampling.LANCZOS)
    return copy
