"""The aeroplane and the rose, painted like pictures: far things first, near ones over them."""

import numpy as np

from .scene import Points, Scene, blend, step

GOLDEN_ANGLE = np.pi * (3 - 5**0.5)


def aeroplane(size: int) -> np.ndarray:
    """An airliner over clouds, seen from the side: `(size, size, 3)`, uint8.

        aeroplane(32)    ->  (32, 32, 3)
        aeroplane(227)   ->  (227, 227, 3)

    Raises `ValueError` if `size` is not a positive integer.
    """
    scene = Scene(size)
    scene.paint(scene.all, blend(scene.y, "#2468b4", "#6cabe0", "#cfe6f5"))
    glow = np.exp(-((scene.x - 0.88) ** 2 + (scene.y - 0.08) ** 2) / 0.06)
    scene.paint(glow, "#fff1cc", 0.7)
    for x, y, width in CLOUDS:
        _cloud(scene, x, y, width)
    _airliner(scene)
    return scene.finished()


def rose(size: int) -> np.ndarray:
    """A red rose with its leaves before a soft garden: `(size, size, 3)`, uint8.

        rose(32)    ->  (32, 32, 3)
        rose(224)   ->  (224, 224, 3)

    Raises `ValueError` if `size` is not a positive integer.
    """
    scene = Scene(size)
    _garden(scene)
    _stem(scene)
    for x, y, angle, length in LEAVES:
        _leaf(scene, x, y, angle, length)
    for i in range(PETALS):
        _petal(scene, i)
    return scene.finished()


# The sky. A cloud: its middle and its width. A heap of a cloud of width 1: x, y, radius.
CLOUDS = (
    *((0.12, 0.70, 0.16), (0.52, 0.74, 0.20), (0.90, 0.69, 0.18)),
    *((0.30, 0.84, 0.30), (0.80, 0.86, 0.34), (0.02, 0.93, 0.34), (0.50, 1.00, 0.44)),
    (0.95, 1.02, 0.36),
)
HEAPS = (
    *((-0.42, 0.02, 0.16), (0.40, 0.03, 0.17), (-0.20, -0.10, 0.22), (0.20, -0.07, 0.20)),
    *((0.02, -0.14, 0.25), (-0.30, 0.06, 0.18), (0.28, 0.08, 0.18), (0.00, 0.06, 0.24)),
)


def _cloud(scene: Scene, x: float, y: float, width: float) -> None:
    for dx, dy, radius in HEAPS:
        right = (scene.x - x - dx * width) / (radius * width)
        down = (scene.y - y - dy * width) / (radius * width)
        shadow = 0.5 + 0.5 * down - 0.2 * right
        mask = 1 - step(np.hypot(right, down), 0.6, 1.1)
        scene.paint(mask, blend(shadow, "#ffffff", "#f2f6fa", "#b4c9de"))


# The airliner's outlines, lying, nose to the right: along its axis, and above it.
FAR_WING = [(0.10, 0.03), (-0.05, 0.03), (-0.17, 0.14), (-0.125, 0.14)]
FIN = [(-0.25, 0.05), (-0.30, 0.09), (-0.395, 0.245), (-0.465, 0.245), (-0.43, 0.04)]
FLASH = [(-0.405, 0.2), (-0.375, 0.15), (-0.45, 0.15), (-0.46, 0.2)]
BODY = [
    *((0.455, -0.012), (0.435, 0.018), (0.385, 0.045), (0.32, 0.06), (0.1, 0.062), (-0.2, 0.062)),
    *((-0.38, 0.058), (-0.47, 0.047), (-0.455, 0.03), (-0.36, 0.0), (-0.24, -0.042)),
    *((-0.14, -0.062), (0.1, -0.064), (0.34, -0.062), (0.42, -0.045)),
]
COCKPIT = [(0.425, 0.02), (0.39, 0.038), (0.372, 0.036), (0.378, 0.016), (0.422, 0.008)]
TAILPLANE = [(-0.32, 0.035), (-0.41, 0.035), (-0.51, -0.03), (-0.465, -0.03)]
ENGINE = [
    *((0.115, -0.097), (0.115, -0.145), (0.075, -0.157), (0.015, -0.151)),
    *((-0.015, -0.13), (-0.015, -0.105), (0.015, -0.089), (0.075, -0.085)),
]
INTAKE = [(0.121, -0.099), (0.121, -0.143), (0.109, -0.145), (0.109, -0.097)]
NEAR_WING = [(0.13, -0.025), (-0.07, -0.03), (-0.265, -0.215), (-0.215, -0.215)]
FLAP = [(-0.05, -0.03), (-0.07, -0.03), (-0.265, -0.215), (-0.253, -0.215)]
DOORS = (0.352, -0.322)


def _airliner(scene: Scene) -> None:
    length, cos, sin = 0.94, np.cos(0.13), np.sin(0.13)
    x, y = (scene.x - 0.51) / length, (scene.y - 0.47) / length
    along, above = x * cos - y * sin, -x * sin - y * cos

    def part(outline: Points, *, smooth: bool = False) -> np.ndarray:
        turned = [
            (0.51 + length * (u * cos - v * sin), 0.47 - length * (u * sin + v * cos))
            for u, v in outline
        ]
        return scene.polygon(turned, smooth=smooth)

    def band(low: float, high: float) -> np.ndarray:
        return step(above, low, low + 0.003) * (1 - step(above, high - 0.003, high))

    scene.paint(part(FAR_WING), "#8fa1b3")
    scene.paint(part(FIN), blend((above - 0.05) / 0.2, "#9e1b24", "#e0383f"))
    scene.paint(part(FLASH), "#ffffff", 0.9)

    body = part(BODY, smooth=True)
    round_light = blend(
        (0.064 - above) / 0.128, "#f4f8fb", "#ffffff", "#f3f5f7", "#cfd7df", "#76879a"
    )
    scene.paint(body, round_light)
    scene.paint(body * band(-0.031, -0.013), "#c8252d")
    windows = step(np.cos(2 * np.pi * along / 0.0235), 0.1, 0.3) * band(0.004, 0.024)
    scene.paint(windows * (along > -0.3) * (along < 0.345), "#24384d")
    scene.paint(body * part(COCKPIT), "#1d2f42")
    for door in DOORS:
        aside = np.maximum(np.abs(along - door) / 0.009, np.abs(above - 0.004) / 0.028)
        scene.paint((aside < 1) & (aside > 0.8), "#7d8b99", 0.8)

    scene.paint(part(TAILPLANE), blend((0.035 - above) / 0.07, "#dfe6ec", "#a8b5c2"))
    wing = part(NEAR_WING)
    scene.shade(wing, 0.3, blur=0.008, under=body)
    scene.paint(
        part(ENGINE, smooth=True), blend((-0.085 - above) / 0.07, "#ffffff", "#d7dee5", "#6d7d8e")
    )
    scene.paint(part(INTAKE, smooth=True), "#253545")
    scene.paint(wing, blend((-0.02 - above) / 0.2, "#eef2f5", "#c3ced8", "#93a3b3"))
    scene.paint(part(FLAP), "#71839a", 0.8)


# The rose. A leaf: where it starts, its direction (0 to the right, anticlockwise), its length.
LEAVES = (
    *((0.51, 0.94, 0.62, 0.42), (0.50, 0.89, np.pi - 0.5, 0.42)),
    *((0.5, 0.62, angle, 0.3) for angle in (-0.45, -1.0, np.pi + 0.45, np.pi + 1.0)),
)
PETALS = 26
MIDDLE, RADIUS = (0.5, 0.4), 0.35


def _garden(scene: Scene) -> None:
    scene.paint(scene.all, blend(scene.y, "#c2d6a4", "#7ea86b", "#35603a"))
    for i in range(26):
        # Multiples of irrational numbers, less their integer parts, spread evenly.
        x, y = (0.13 + i * 0.618034) % 1, (0.31 + i * 0.754878) % 1
        radius = 0.05 + 0.06 * ((i * 0.381966) % 1)
        distance = np.hypot(scene.x - x, scene.y - y) / radius
        scene.paint(1 - step(distance, 0.5, 1.15), "#f4f3c4" if i % 3 else "#2d5a36", 0.22)


def _stem(scene: Scene) -> None:
    across = (scene.x - 0.5 - 0.035 * np.sin(3.2 * (scene.y - 0.6))) / 0.02
    mask = (1 - step(np.abs(across), 0.85, 1.05)) * (scene.y > 0.55)
    scene.shade(mask, 0.35, blur=0.015)
    scene.paint(mask, blend(0.5 + across / 2, "#6ba656", "#3f7d3c", "#1d4d28"))


def _leaf(scene: Scene, x: float, y: float, angle: float, length: float) -> None:
    cos, sin = np.cos(angle), np.sin(angle)
    along = ((scene.x - x) * cos - (scene.y - y) * sin) / length
    across = ((scene.x - x) * sin + (scene.y - y) * cos) / length
    inside = np.clip(along, 0, 1)
    teeth = 1 + 0.03 * np.sin(60 * inside)
    width = 0.62 * inside**0.7 * (1 - inside) ** 0.85 * teeth
    mask = step(width - np.abs(across), 0, 0.02)
    veins = np.cos(2 * np.pi * (along * 7 - np.abs(across) * 9))
    scene.shade(mask, 0.3, blur=0.012)
    scene.paint(mask, blend(0.5 + 1.3 * across + 0.1 * veins, "#5fa152", "#35793b", "#174a28"))
    scene.paint(mask * (1 - step(np.abs(across), 0.004, 0.014)), "#a9cf8a", 0.8)


def _petal(scene: Scene, i: int) -> None:
    """The outermost is number 0; each turns by the golden angle, as on the plant."""
    x, y = (scene.x - MIDDLE[0]) / RADIUS, (scene.y - MIDDLE[1]) / (0.94 * RADIUS)
    distance, direction = np.hypot(x, y), np.arctan2(y, x)
    inward, middle = i / PETALS, 0.4 + i * GOLDEN_ANGLE
    aside = (direction - middle + np.pi) % (2 * np.pi) - np.pi
    spread = 1.05 + 0.5 * inward
    reach = (1 - 0.86 * inward**0.85) * (1 + 0.02 * np.cos(3 * aside + i))
    edge = reach * (1 - 0.42 * np.abs(aside / spread) ** 2.6)
    mask = step(edge - distance, 0, 0.012)
    # Dark where the next petals cover it, light towards the rim that curls outwards.
    out = distance / np.maximum(edge, 1e-3)
    light = 0.15 + 0.85 * step(out, 0.35, 1) - 0.16 * np.sin(middle) - 0.16 * inward
    scene.shade(mask, 0.32, blur=0.012)
    scene.paint(mask, blend(light, "#5a0718", "#a3112f", "#d52443", "#f0607a"))
    scene.paint(mask * step(out, 0.93, 0.97), "#ff9fb0", 0.45)
