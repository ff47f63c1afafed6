"""Line charts as SVG: one line per method over the number of corrections, on a logarithmic axis."""

import math
from html import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 380, 60, 170, 40, 40
COLORS = ("#1f4e8c", "#d1495b", "#2e8b57", "#8d5a97", "#e0a100", "#7a7a7a", "#b5651d", "#3aa6b9", "#444444")


def chart(title: str, lines: dict[str, list[tuple[int, float]]]) -> str:
    """Return the SVG chart of named lines of (n, value)."""
    points = [point for line in lines.values() for point in line]
    low, high = min(0.0, *(value for _, value in points)), max(0.0, *(value for _, value in points))
    sizes = sorted({n for n, _ in points})
    first, last = math.log(sizes[0]), math.log(max(sizes[-1], sizes[0] + 1))

    def x(n: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (math.log(n) - first) / (last - first)

    def y(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / ((high - low) or 1.0)

    font = 'font-family="sans-serif" font-size="12"'
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {font}>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="22" font-size="15">{escape(title)}</text>',
    ]
    out += (f'<text x="{x(n):.1f}" y="{HEIGHT - 14}" text-anchor="middle">{n}</text>' for n in sizes)
    for k in range(5):
        value = low + (high - low) * k / 4
        out.append(f'<path d="M{LEFT} {y(value):.1f}H{WIDTH - RIGHT}" stroke="#dddddd"/>')
        out.append(f'<text x="{LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:.3g}</text>')
    out.append(f'<path d="M{LEFT} {y(0):.1f}H{WIDTH - RIGHT}" stroke="#888888"/>')
    for k, (name, line) in enumerate(lines.items()):
        color = COLORS[k % len(COLORS)]
        path = "L".join(f"{x(n):.1f} {y(value):.1f}" for n, value in line)
        out.append(f'<path d="M{path}" fill="none" stroke="{color}" stroke-width="{3 if k == 0 else 1.5}"/>')
        out.append(f'<text x="{WIDTH - RIGHT + 12}" y="{TOP + 18 * k + 12}" fill="{color}">{escape(name)}</text>')
    return "\n".join([*out, "</svg>", ""])
