// The feed as lines that move with time, and as words for whoever does not see them.

import { animate } from "./canvas.js";

const shown = 15000; // ms of the chart
const behind = 100; // ms that the chart is late, so that a value that comes a bit later still finds its place
const most = 2000; // values kept of a symbol
const margin = { left: 34, right: 40, top: 10, bottom: 8 }; // px
const looks = 500; // ms between two of the figures
const words = 5000; // ms between two descriptions of the chart

export class Dashboard {
  #series = new Map(); // symbol: [{ at, price }], with the time of the feed
  #lead; // ms that this page's clock is ahead of the feed's
  #range; // of prices, follows them smoothly
  #paused = false;
  #canvas;
  #rate;
  #legend;

  constructor(panel, link) {
    this.#canvas = panel.querySelector("canvas");
    this.#rate = panel.querySelector(".rate");
    this.#legend = panel.querySelector(".legend");
    link.addEventListener("open", () => {
      this.#series.clear();
      this.#lead = undefined;
    });
    link.addEventListener("line", ({ line }) => this.#hear(line));
    const pause = panel.querySelector("button");
    pause.addEventListener("click", () => {
      this.#paused = !this.#paused;
      pause.textContent = this.#paused ? "Go on" : "Pause";
    });
    let edge = 0;
    animate(this.#canvas, (...surface) => {
      if (!this.#paused) edge = this.#edge();
      this.#draw(edge, ...surface);
    }, { mayRest: true });
    setInterval(() => this.#showFigures(), looks);
    setInterval(() => this.#describe(), words);
  }

  #hear(line) {
    const [time, symbol, value] = line.split(" ");
    const [at, price] = [Number(time), Number(value)];
    if (!Number.isFinite(at) || !Number.isFinite(price)) return;
    let values = this.#series.get(symbol);
    if (!values) this.#series.set(symbol, (values = []));
    values.push({ at, price });
    if (values.length > 2 * most) values.splice(0, most);
    // The quickest line tells best; clocks that drift apart are followed slowly.
    const lead = performance.now() - at;
    this.#lead = Math.min(lead, (this.#lead ?? lead) + 0.01);
  }

  #edge() {
    return performance.now() - (this.#lead ?? 0) - behind;
  }

  #draw(edge, context, width, height, colour) {
    const visible = [...this.#series].map(([symbol, values], index) => ({
      symbol,
      values: values.slice(firstAfter(values, edge - shown), firstAfter(values, edge)),
      colour: colour(`--series-${index % 4}`),
    })).filter(({ values }) => values.length > 0);
    if (visible.length === 0) return;
    const [low, high] = this.#follow(visible.flatMap(({ values }) => values.map(({ price }) => price)));
    const plot = { width: width - margin.left - margin.right, height: height - margin.top - margin.bottom };
    const x = (at) => margin.left + plot.width * (1 - (edge - at) / shown);
    const y = (price) => margin.top + plot.height * (high - price) / (high - low);

    context.textBaseline = "middle";
    context.textAlign = "right";
    context.strokeStyle = colour("--line");
    context.fillStyle = colour("--muted");
    for (const price of marks(low, high)) {
      context.fillRect(margin.left - 4, y(price), 4, 1);
      context.globalAlpha = 0.6;
      context.strokeRect(margin.left, y(price), plot.width, 0);
      context.globalAlpha = 1;
      context.fillText(String(price), margin.left - 7, y(price));
    }

    context.lineWidth = 2;
    context.lineJoin = "round";
    for (const each of visible) {
      context.strokeStyle = each.colour;
      context.beginPath();
      for (const { at, price } of each.values) context.lineTo(x(at), y(price));
      context.stroke();
    }
    context.textAlign = "left";
    for (const { symbol, colour: its, at } of apart(visible.map((each) => ({ ...each, at: y(each.values.at(-1).price) })))) {
      context.fillStyle = its;
      context.fillText(symbol, margin.left + plot.width + 6, at);
    }
  }

  #follow(prices) {
    const wanted = [Math.floor(Math.min(...prices) - 1), Math.ceil(Math.max(...prices) + 1)];
    this.#range = (this.#range ?? wanted).map((bound, i) => bound + (wanted[i] - bound) * 0.08);
    return this.#range;
  }

  #figures() {
    const edge = this.#edge();
    return [...this.#series].filter(([, values]) => values.length > 0).map(([symbol, values]) => {
      const { price } = values.at(-1);
      const before = values[Math.min(firstAfter(values, edge - shown), values.length - 1)].price;
      return { symbol, price: price.toFixed(2), change: price - before };
    });
  }

  #showFigures() {
    if (this.#paused) return;
    const since = this.#edge() + behind - 1000;
    const count = [...this.#series.values()].reduce((sum, values) => sum + values.length - firstAfter(values, since), 0);
    this.#rate.textContent = `${count} values/s`;
    this.#figures().forEach(({ symbol, price, change }, index) => {
      const item = this.#legend.children[index] ?? this.#legend.appendChild(document.createElement("li"));
      item.className = `series-${index % 4}`;
      item.textContent = `${symbol} ${price} ${change < 0 ? "▼" : "▲"} ${Math.abs(change).toFixed(2)}`;
    });
  }

  #describe() {
    if (this.#paused) return;
    const each = this.#figures().map(({ symbol, price, change }) =>
      `${symbol} ${price}, ${change < 0 ? "down" : "up"} ${Math.abs(change).toFixed(2)}`);
    this.#canvas.ariaLabel = `Prices of the last ${shown / 1000} seconds. ${each.join("; ")}.`;
  }
}

// The index of the first value after that time; values are in its order.
function firstAfter(values, time) {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle].at > time) high = middle;
    else low = middle + 1;
  }
  return low;
}

// Round numbers, of which there are few enough.
function marks(low, high) {
  const step = [1, 2, 5, 10, 20, 50, 100, 1000].find((each) => (high - low) / each <= 6) ?? high - low;
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => (first + i) * step);
}

// Labels that would lie upon each other, one below the other.
function apart(labels) {
  const sorted = labels.sort((a, b) => a.at - b.at);
  sorted.forEach((label, i) => {
    if (i > 0) label.at = Math.max(label.at, sorted[i - 1].at + 13);
  });
  return sorted;
}
