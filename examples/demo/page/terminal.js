// A terminal of lines. The arrows up and down go through what was typed before.

import { Log } from "./log.js";

const shown = 500; // lines

export class Terminal {
  #link;
  #log;
  #input;
  #waiting = []; // lines that the next frame shows
  #typed = [];
  #at = 0; // in typed

  constructor(panel, link) {
    this.#link = link;
    this.#log = new Log(panel.querySelector("[role=log]"), shown);
    this.#input = panel.querySelector("input");
    panel.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#enter(this.#input.value.trim());
    });
    this.#input.addEventListener("keydown", (event) => this.#recall(event));
    link.addEventListener("line", ({ line }) => this.#show(line));
    let before = link.state;
    link.addEventListener("change", () => {
      const news = { ended: "The service has ended the connection. Enter connects again.", reconnecting: "The connection is lost." };
      if (link.state !== before && news[link.state]) this.#show(news[link.state], "aside");
      before = link.state;
    });
  }

  #enter(text) {
    if (this.#link.state === "ended") {
      this.#link.connect();
      return;
    }
    if (!text || this.#link.state !== "connected") return;
    this.#typed = [...this.#typed.filter((each) => each !== text), text].slice(-50);
    this.#at = this.#typed.length;
    this.#show(`› ${text}`, "typed");
    this.#link.send(text);
    this.#input.value = "";
  }

  #recall(event) {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    this.#at = Math.min(Math.max(this.#at + step, 0), this.#typed.length);
    this.#input.value = this.#typed[this.#at] ?? "";
  }

  // A frame takes all lines that came before it: a thousand are as cheap as what fits.
  #show(text, kind) {
    if (this.#waiting.push({ parts: [text], kind }) === 1) {
      requestAnimationFrame(() => this.#log.append(...this.#waiting.splice(0)));
    } else if (this.#waiting.length >= 2 * shown) {
      this.#waiting = this.#waiting.slice(-shown); // no frames in a hidden tab
    }
  }
}
