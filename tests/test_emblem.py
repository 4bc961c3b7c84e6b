import io
from xml.etree import ElementTree

import numpy as np
from PIL import Image

from cnn_explainer import emblem


def test_the_card_has_the_size_that_is_promised_and_shows_two_pictures():
    card = emblem.card("A title", "A sentence of some words.")
    pixels = np.asarray(Image.open(io.BytesIO(card)).convert("RGB")).astype(int)
    assert pixels.shape == (630, 1200, 3)
    assert len(card) < 100_000
    # The drawn sky is blue; where there is no edge, the feature map is the scale's middle grey.
    assert pixels[60, 90] @ (-1, 0, 1) > 50
    assert np.ptp(pixels[80, 660]) < 20


def test_another_title_is_another_card():
    assert emblem.card("A", "B.") != emblem.card("C", "B.")


def test_the_icon_is_svg():
    assert ElementTree.fromstring(emblem.favicon()).tag.endswith("svg")
