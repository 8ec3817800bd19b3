"""Draws what bench/run measured, as SVG."""

import math
import re

COLOURS = {"drawbridge": "#0b6e4f", "drawbridge-2": "#6bbf9a", "nginx": "#8d99ae", "haproxy": "#4a6fa5",
           "beast": "#d98e04", "websockify": "#a63d40"}


def number(value):
    return "" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def draw(lines, folder):
    # Only here: whoever measures needs no plots.
    import pygal
    from pygal.style import Style

    def medians(title, unit):
        for line in lines:
            if line["title"] == title and line["unit"] == unit:
                return line["medians"]
        return {}

    def chart(kind, names, **settings):
        # No scripts, no fonts of others: the picture stands for itself.
        style = Style(background="white", plot_background="white", font_family="sans-serif", title_font_size=17,
                      label_font_size=13, major_label_font_size=13, value_font_size=10, legend_font_size=13,
                      value_colors=("#333",) * len(names), colors=tuple(COLOURS[name] for name in names))
        return kind(js=[], no_prefix=True, style=style, width=860, height=360, show_minor_y_labels=False,
                    legend_box_size=14, value_formatter=number,
                    **settings)

    def bars(name, heading, groups, logarithmic=False, leave_out=()):
        """`groups`: pairs of a label and medians; a bar for each contender in each."""
        names = [known for known in COLOURS
                 if known not in leave_out and any(known in values for _, values in groups)]
        highest = max((value for _, values in groups for value in values.values()), default=1)
        lowest = 10 if logarithmic else 0
        bar = chart(pygal.Bar, names, title=heading, logarithmic=logarithmic, print_values=True,
                    print_values_position="top", zero=lowest, range=(lowest, highest * (2 if logarithmic else 1.1)))
        bar.x_labels = [text for text, _ in groups]
        for contender in names:
            bar.add(contender, [values.get(contender) for _, values in groups])
        bar.render_to_file(str(folder / f"{name}.svg"))

    bars("bulk", "Bulk: seconds of processor time for a GiB",
         [(text, medians(title, "s CPU/GiB")) for text, title in
          (("up", "bulk up, 16 KiB"), ("down", "bulk down, 16 KiB"), ("both ways", "both, 16 KiB"))])
    bars("frames", "Small pieces: ns of processor time each, logarithmic",
         [("64 B frames up", medians("64 B frames up", "ns CPU/frame")),
          ("1 KiB frames up", medians("1 KiB frames up", "ns CPU/frame")),
          ("64 B writes down", medians("64 B writes down", "ns CPU/write"))], logarithmic=True)
    bars("latency", "Echo of 64 bytes: median round trip in us, logarithmic",
         [(f"{n} session{'s' if n > 1 else ''}", medians(f"echo, 64 B, {n} session{'s' if n > 1 else ''}", "us p50"))
          for n in (1, 32, 1000)], logarithmic=True)
    bars("openings", "Open, upgrade, dial, close: us of processor time each",
         [("full handshake", medians("open", "us CPU/open")), ("resumed", medians("open, resumed", "us CPU/open"))],
         leave_out=("websockify",))
    bars("memory", "Memory of an idle TLS session, KiB",
         [(f"one of {n:,}", medians(f"idle, {n} sessions", "KiB/session")) for n in (1000, 9000)])

    curves = {}
    for line in lines:
        if match := re.fullmatch(r"talking sessions: (\d+)", line["title"]):
            for contender, value in line["medians"].items():
                curves.setdefault(contender, []).append((int(match.group(1)), value))
    names = [known for known in COLOURS if known in curves]
    highest = max((value for points in curves.values() for _, value in points), default=1)
    plot = chart(pygal.XY, names, title="us of processor time a message, by sessions that all talk", range=(0, highest * 1.1),
                 xrange=(0.8, 4.2), x_value_formatter=lambda value: f"{10 ** value:,.0f}", x_labels=[1, 2, 3, 4])
    for contender in names:
        # pygal's logarithmic scale is that of y.
        plot.add(contender, [(math.log10(sessions), value) for sessions, value in sorted(curves[contender])])
    plot.render_to_file(str(folder / "scale.svg"))
