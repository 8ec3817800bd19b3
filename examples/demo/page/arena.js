// The arena. The service alone knows where everybody is; this draws what it says, and tells it where to go.

import { animate } from "./canvas.js";

const behind = 100; // ms that the picture is late, so that there are two looks of the service to draw between
const period = 50; // ms between two directions that are sent
const near = 14; // how close to the pointer a player stops
const radius = 13; // of a player, in the arena's units
const listed = 8; // players in the list

const directions = {
  ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0],
  KeyW: [0, -1], KeyS: [0, 1], KeyA: [-1, 0], KeyD: [1, 0],
};

const hue = (id) => Math.round((id * 137.5) % 360); // neighbours get far ones

export class Arena {
  #link;
  #name;
  #canvas;
  #scores;
  #told;
  #size = [960, 540];
  #players = new Map(); // id: { name, score }
  #dots = new Map();
  #looks = []; // the last ones: { at, places: Map of id: [x, y] }
  #own; // id
  #pressed = new Set();
  #pointer; // where it is held, in the arena's units
  #sent = "";

  constructor(panel, link, name) {
    this.#link = link;
    this.#name = name;
    this.#canvas = panel.querySelector("canvas");
    this.#scores = panel.querySelector("ol");
    this.#told = panel.querySelector("[role=status]");
    link.addEventListener("open", () => this.#begin());
    link.addEventListener("line", ({ line }) => this.#hear(line));
    this.#listen();
    setInterval(() => this.#steer(), period);
    animate(this.#canvas, (...surface) => this.#draw(...surface));
  }

  rename(name) {
    this.#name = name;
    this.#link.send(`join ${name}`);
  }

  #begin() {
    this.#players.clear();
    this.#dots.clear();
    this.#looks = [];
    this.#own = undefined;
    this.#sent = "";
    this.#link.send(`join ${this.#name}`);
  }

  // --- What the service says

  #hear(line) {
    const [word, ...rest] = line.split(" ");
    if (word === "at") {
      this.#see(rest.slice(1).map(Number));
    } else if (word === "player") {
      this.#players.set(Number(rest[0]), { score: Number(rest[1]), name: rest[2] });
      this.#showScores();
    } else if (word === "left") {
      this.#players.delete(Number(rest[0]));
      if (!this.#own) this.#link.send(`join ${this.#name}`); // there may be a place now
      this.#showScores();
    } else if (word === "dot") {
      this.#dots.set(rest[0], rest.slice(1).map(Number));
    } else if (word === "arena") {
      this.#size = rest.map(Number);
    } else if (word === "you") {
      this.#own = Number(rest[0]);
      this.#showScores();
    } else if (word === "full") {
      this.#told.textContent = "The arena is full. You watch until somebody leaves.";
    } else if (word === "error") {
      this.#told.textContent = rest.join(" ");
    }
  }

  #see(numbers) {
    const places = new Map();
    for (let i = 0; i + 2 < numbers.length; i += 3) places.set(numbers[i], [numbers[i + 1], numbers[i + 2]]);
    this.#looks.push({ at: performance.now(), places });
    if (this.#looks.length > 20) this.#looks.splice(0, 10);
  }

  #showScores() {
    const sorted = [...this.#players].sort(([, a], [, b]) => b.score - a.score);
    const rows = sorted.slice(0, listed).map(([id, { name, score }]) => {
      const row = document.createElement("li");
      row.style.setProperty("--hue", hue(id));
      row.append(Object.assign(document.createElement("span"), { textContent: id === this.#own ? `${name} (you)` : name }),
        Object.assign(document.createElement("b"), { textContent: score }));
      return row;
    });
    if (sorted.length > listed) {
      const more = `and ${sorted.length - listed} more`;
      rows.push(Object.assign(document.createElement("li"), { className: "more", textContent: more }));
    }
    this.#scores.replaceChildren(...rows);
    const own = this.#players.get(this.#own);
    if (!own) return;
    const told = `${own.name}, you have ${own.score} ${own.score === 1 ? "dot" : "dots"}.`;
    if (this.#told.textContent !== told) this.#told.textContent = told;
  }

  // --- Where to go

  #listen() {
    const canvas = this.#canvas;
    canvas.addEventListener("keydown", (event) => {
      if (!directions[event.code] || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      this.#pressed.add(event.code);
      this.#steer();
    });
    canvas.addEventListener("keyup", (event) => {
      this.#pressed.delete(event.code);
      this.#steer();
    });
    canvas.addEventListener("blur", () => this.#pressed.clear());
    const hold = (event) => {
      const { left, top, width, height } = canvas.getBoundingClientRect();
      this.#pointer = [(event.clientX - left) / width * this.#size[0], (event.clientY - top) / height * this.#size[1]];
    };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      hold(event);
    });
    canvas.addEventListener("pointermove", (event) => this.#pointer && hold(event));
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (this.#pointer = undefined));
  }

  #steer() {
    const line = `go ${this.#direction().map((each) => Math.round(100 * each)).join(" ")}`;
    if (this.#own === undefined || line === this.#sent) return;
    this.#sent = line;
    this.#link.send(line);
  }

  #direction() {
    const own = this.#looks.at(-1)?.places.get(this.#own);
    if (this.#pointer && own) {
      const [dx, dy] = [this.#pointer[0] - own[0], this.#pointer[1] - own[1]];
      const distance = Math.hypot(dx, dy);
      return distance < near ? [0, 0] : [dx / distance, dy / distance];
    }
    const sum = [...this.#pressed].reduce(([x, y], code) => [x + directions[code][0], y + directions[code][1]], [0, 0]);
    return sum.map(Math.sign);
  }

  // --- The picture

  // Between the two looks around that moment.
  #places() {
    const time = performance.now() - behind;
    const later = this.#looks.findIndex(({ at }) => at > time);
    const after = this.#looks.at(later); // the last one if none is later
    const before = this.#looks.at(Math.max(later - 1, 0));
    if (!after || later < 1) return after?.places ?? new Map();
    const share = (time - before.at) / (after.at - before.at);
    return new Map([...after.places].map(([id, to]) => {
      const from = before.places.get(id) ?? to;
      return [id, from.map((each, i) => each + share * (to[i] - each))];
    }));
  }

  #draw(context, width, height, colour) {
    const [across, down] = [width / this.#size[0], height / this.#size[1]];
    const size = Math.max(radius * Math.min(across, down), 7);
    const disc = (x, y, its) => {
      context.beginPath();
      context.arc(x, y, its, 0, 2 * Math.PI);
    };
    context.fillStyle = colour("--second");
    for (const [x, y] of this.#dots.values()) {
      disc(x * across, y * down, size / 2.5);
      context.fill();
    }
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineWidth = 2.5;
    context.strokeStyle = colour("--text");
    for (const [id, place] of this.#places()) {
      const [x, y] = [place[0] * across, place[1] * down];
      context.fillStyle = `hsl(${hue(id)} ${colour("--player")})`;
      disc(x, y, size);
      context.fill();
      if (id === this.#own) {
        disc(x, y, size + 3);
        context.stroke();
      }
      const name = this.#players.get(id)?.name ?? "";
      const half = context.measureText(name).width / 2 + 2;
      const above = y - size - 10;
      context.fillStyle = colour("--text");
      context.fillText(name, Math.min(Math.max(x, half), width - half), above < 8 ? y + size + 11 : above);
    }
  }
}
