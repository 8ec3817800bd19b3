// How the links are: the state of each, its round trip, and what crossed. Changes of a state are also told to assistive
// technology; figures are there to be read.

const interval = 500; // ms between two looks at the figures

function size(count) {
  if (count < 1024) return `${count} B`;
  const [value, unit] = count < 1 << 20 ? [count / 1024, "KiB"] : [count / (1 << 20), "MiB"];
  return `${value.toFixed(value < 100 ? 1 : 0)} ${unit}`;
}

export class Strip {
  #links;
  #told;
  #states = "";
  #last = { at: 0, up: 0, down: 0 };
  #up;
  #down;

  constructor(strip, links) {
    this.#links = links;
    this.#told = strip.querySelector("[role=status]");
    [this.#up, this.#down] = ["up", "down"].map((way) => strip.querySelector(`.${way}`));
    for (const link of links) this.#follow(link, strip.querySelector(`[data-link=${link.name}]`));
    setInterval(() => this.#showBytes(), interval);
  }

  #follow(link, item) {
    const [state, roundTrip, again] = [".state", ".round-trip", "button"].map((each) => item.querySelector(each));
    const show = () => {
      item.dataset.state = link.state;
      state.textContent = link.state;
      roundTrip.textContent = link.roundTrip === undefined ? "" : `${link.roundTrip.toFixed(1)} ms`;
      again.hidden = link.state !== "ended";
      this.#tellStates();
    };
    again.addEventListener("click", () => link.connect());
    link.addEventListener("change", show);
    show();
  }

  #tellStates() {
    const states = this.#links.every((link) => link.state === "connected") ? "All services are connected." :
      this.#links.filter((link) => link.state !== "connected").map((link) => `${link.name} is ${link.state}`).join(", ");
    if (states === this.#states) return;
    this.#told.textContent = this.#states = states;
  }

  #showBytes() {
    const total = (way) => this.#links.reduce((sum, link) => sum + link[way], 0);
    const now = { at: performance.now(), up: total("up"), down: total("down") };
    const seconds = (now.at - this.#last.at) / 1000;
    for (const [way, place] of [["up", this.#up], ["down", this.#down]]) {
      place.textContent = `${size(now[way])}, ${size(Math.round((now[way] - this.#last[way]) / seconds))}/s`;
    }
    this.#last = now;
  }
}
