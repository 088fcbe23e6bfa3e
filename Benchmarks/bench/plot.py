# Draws cpu.svg by hand: for each scenario one bar for each proxy, split into user and system time, with its range.
# Colours and greys hold on a white and on a black page; no script, no font of its own, no reader's theme asked for.

from xml.sax.saxutils import escape

WIDTH, LABEL, RIGHT = 870, 114, 175
ROW, BAR, TITLE, GAP, LEGEND = 24, 15, 30, 20, 34
TEXT, FAINT = "#7a828e", "#8b949e"
OWN, OTHER = ("#d2691e", "#f0a868"), ("#3f7fbf", "#8fbce6")
FONT = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif"


def text(x, y, words, anchor="start", weight="normal", size=13):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}" font-size="{size}" '
            f'fill="{TEXT}">{words}</text>')


def box(x, y, width, colour):
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{BAR}" fill="{colour}"/>'


def line(x1, y1, x2, y2, width=1.2, colour=TEXT):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}"/>'


def row(y, bar, titles, scale):
    """A bar: user time, then system time, then its range as a whisker, then its numbers."""
    peer, user, system, low, high = bar
    dark, light = OWN if peer == "relevo" else OTHER
    weight = "bold" if peer == "relevo" else "normal"
    end = LABEL + (user + system) * scale
    middle = y + BAR / 2
    parts = [
        text(LABEL - 8, y + BAR - 3, escape(titles[peer]), "end", weight),
        box(LABEL, y, user * scale, dark), box(LABEL + user * scale, y, system * scale, light),
    ]
    if high > low:
        parts += [line(LABEL + low * scale, middle, LABEL + high * scale, middle)]
        parts += [line(LABEL + edge * scale, middle - 3, LABEL + edge * scale, middle + 3) for edge in (low, high)]
    numbers = f'{user + system:.1f} µs <tspan font-size="11" font-weight="normal" dx="5" fill="{FAINT}">'
    numbers += f'{user:.1f} + {system:.1f}</tspan>'
    return parts + [text(max(end, LABEL + high * scale) + 8, y + BAR - 3, numbers, "start", weight)]


def legend():
    parts, x = [], LABEL
    for (dark, light), name in ((OWN, "Relevo"), (OTHER, "others")):
        for colour, kind in ((dark, "user"), (light, "system")):
            parts += [box(x, 8, 15, colour), text(x + 21, 20, f"{name}, {kind}", size=12)]
            x += 130
    return parts + [line(x + 2, 15.5, x + 22, 15.5), text(x + 28, 20, "lowest to highest round", size=12)]


def bars(panels, titles):
    """The plot as text. A panel: name, title, and its bars (peer, user, system, lowest, highest; microseconds)."""
    parts, y = legend(), LEGEND
    for name, title, rows in panels:
        scale = (WIDTH - LABEL - RIGHT) / max(max(user + system, high) for _, user, system, _, high in rows)
        parts.append(text(LABEL, y + 18, escape(f"{name}: {title}"), weight="bold"))
        parts.append(line(LABEL, y + TITLE - 2, LABEL, y + TITLE + len(rows) * ROW - 2, 1, FAINT))
        for index, bar in enumerate(rows):
            parts += row(y + TITLE + index * ROW + 3, bar, titles, scale)
        y += TITLE + len(rows) * ROW + GAP
    body = "\n".join(parts)
    label = "CPU microseconds for each request, split into user and system time"
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" height="{y}" '
            f'font-family="{FONT}" role="img" aria-label="{label}">\n<title>{label}</title>\n{body}\n</svg>\n')
