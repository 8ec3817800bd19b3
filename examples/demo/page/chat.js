// The chat room: who is here, what is said, and a line to say something.

import { Log } from "./log.js";

const shown = 200; // lines
const tints = 8; // in style.css

const tint = (name) => [...name].reduce((sum, each) => (31 * sum + each.codePointAt(0)) % 9973, 7) % tints;

export class Chat {
  #link;
  #name;
  #log;
  #people;
  #here = new Set();

  constructor(panel, link, name) {
    this.#link = link;
    this.#name = name;
    this.#log = new Log(panel.querySelector("[role=log]"), shown);
    this.#people = panel.querySelector(".people");
    const form = panel.querySelector("form");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = form.elements.text.value.trim();
      if (!text || link.state !== "connected") return;
      link.send(`say ${text}`);
      form.reset();
    });
    link.addEventListener("open", () => {
      this.#log.clear(); // the room repeats what was said last
      link.send(`name ${this.#name}`);
    });
    link.addEventListener("line", ({ line }) => this.#hear(line));
  }

  rename(name) {
    this.#name = name;
    this.#link.send(`name ${name}`);
  }

  #hear(line) {
    const [word, first, ...rest] = line.split(" ");
    if (word === "said") {
      this.#show(rest.join(" "), first);
    } else if (word === "names") {
      this.#here = new Set([first, ...rest]);
    } else if (word === "join") {
      this.#here.add(first);
      this.#show(`${first} came`);
    } else if (word === "leave") {
      this.#here.delete(first);
      this.#show(`${first} left`);
    } else if (word === "rename") {
      this.#here = new Set([...this.#here].map((name) => (name === first ? rest[0] : name)));
      this.#show(`${first} is now ${rest[0]}`);
    } else if (word === "error") {
      this.#show([first, ...rest].join(" "));
    }
    this.#people.textContent = this.#here.size === 0 ? "" : `${this.#here.size} here: ${[...this.#here].join(", ")}`;
  }

  #show(text, speaker) {
    if (!speaker) return this.#log.append({ parts: [text], kind: "aside" });
    const who = Object.assign(document.createElement("b"), { className: `tint-${tint(speaker)}`, textContent: speaker });
    this.#log.append({ parts: [who, " ", text] });
  }
}
