"""What the gateway is deployed with fits the gateway."""

import re
from pathlib import Path

from gateway import __version__

ROOT = Path(__file__).parents[2]


def test_the_image_is_labelled_with_the_version():
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert re.findall(r"^ARG VERSION=(.+)$", dockerfile, re.MULTILINE) == [__version__]
