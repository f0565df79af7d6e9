"""Small shapes as SVG. Attributes only: no style, no script, so a strict policy holds."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup


def tag(name: str, text: str | None = None, **attributes: str | float | None) -> Markup:
    """Give an element; an underscore at the end of a name is left out (`class_`)."""
    pairs = Markup("").join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), number(value))
        for key, value in attributes.items()
        if value is not None
    )
    if text is None:
        return Markup("<{0}{1}/>").format(name, pairs)
    return Markup("<{0}{1}>{2}</{0}>").format(name, pairs, text)


def number(value: str | float) -> str:
    """Give a number with at most two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def drawing(parts: Sequence[Markup], *, width: float, height: float, name: str) -> Markup:
    """Give an image with a name."""
    head = Markup('<svg role="img" aria-label="{}" viewBox="0 0 {} {}" width="{}" height="{}">')
    size = (number(float(width)), number(float(height)))
    return head.format(name, *size, *size) + Markup("").join(parts) + Markup("</svg>")


def shape(points: Sequence[tuple[float, float]], class_: str) -> Markup:
    """Give a polygon."""
    path = " ".join(f"{number(x)},{number(y)}" for x, y in points)
    return tag("polygon", points=path, class_=class_)


def diamond(x: float, y: float, size: float, class_: str) -> Markup:
    """Give a diamond around a point."""
    return shape([(x, y - size), (x + size, y), (x, y + size), (x - size, y)], class_)


def triangle(x: float, y: float, size: float, class_: str) -> Markup:
    """Give a triangle around a point."""
    return shape([(x, y - size), (x + size, y + size), (x - size, y + size)], class_)


def pips(risk: int) -> Markup:
    """Draw the risk as one to three filled bars."""
    bars = Markup("").join(
        tag(
            "rect",
            x=index * 6 + 0.5,
            y=0.5,
            width=3,
            height=7,
            class_="pip full" if index < risk else "pip",
        )
        for index in range(3)
    )
    name = f"risk {risk} of 3"
    return Markup(
        '<svg class="pips" role="img" aria-label="{}" width="17" height="8">{}</svg>'
    ).format(name, bars)


RING = 31.0


def ring(share: float) -> Markup:
    """Draw the rest of a hold as a ring; the script shortens it once a second."""
    around = 2 * math.pi * RING
    return Markup(
        '<svg class="ring" aria-hidden="true" width="68" height="68" viewBox="0 0 68 68">'
        '<circle cx="34" cy="34" r="{0}" class="rest"/>'
        '<circle cx="34" cy="34" r="{0}" class="left" stroke-dasharray="{1} {1}" '
        'stroke-dashoffset="{2}" transform="rotate(-90 34 34)" data-around="{1}"/></svg>'
    ).format(number(RING), number(around), number(around * (1 - min(1.0, max(0.0, share)))))


def swatch(fill: str) -> Markup:
    """Draw the sample of a fill for a legend."""
    square = tag("rect", x=0.5, y=0.5, width=8, height=8, class_=f"part {fill}")
    return Markup('<svg class="swatch" aria-hidden="true" width="9" height="9">{}</svg>').format(
        square
    )


def share_bar(share: float, *, width: int = 64, height: int = 6, class_: str = "") -> Markup:
    """Draw a share from 0 to 1; the number stands beside it."""
    filled = max(1.0, min(1.0, max(0.0, share)) * width) if share > 0 else 0.0
    return Markup(
        '<svg class="share {}" aria-hidden="true" width="{}" height="{}">{}{}</svg>'
    ).format(
        class_,
        width,
        height,
        tag("rect", width=width, height=height, class_="rest"),
        tag("rect", width=filled, height=height, class_="filled"),
    )
