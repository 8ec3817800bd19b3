// A line-based TCP service behind the bridge, with another connection whenever one is lost. Counts bytes, and measures how
// long a line takes there and back.
//
// Events: `open`; `line` with `line`; `change` whenever `state` or `roundTrip` changes.

import { DrawbridgeSocket } from "/client/drawbridge.js";
import { LineStream } from "./lines.js";

const pause = 1000; // ms between an answer and the next ping

export class Link extends EventTarget {
  state = "connecting"; // connected, reconnecting, ended
  roundTrip; // ms, while it is known
  up = 0; // bytes of text, without what frames and TLS add
  down = 0;
  #name;
  #socket;
  #writer;
  #ping; // { word, at }, while one is out
  #pings = 0;
  #timer;

  constructor(name) {
    super();
    this.#name = name;
    this.connect();
  }

  get name() {
    return this.#name;
  }

  /** For when it has ended. */
  connect() {
    const url = new URL(`/${this.#name}`, location.href.replace(/^http/, "ws"));
    const socket = new DrawbridgeSocket(url, { text: true, reconnect: { min: 250, max: 4000 } });
    this.#socket = socket;
    socket.addEventListener("open", (connection) => this.#run(connection));
    socket.addEventListener("close", ({ willReconnect }) => {
      if (socket === this.#socket) this.#lost(willReconnect ? "reconnecting" : "ended");
    });
    this.#become("connecting");
  }

  close() {
    this.#socket.close().catch(() => {}); // `close` tells of it
    this.#socket = undefined;
    this.#lost("ended");
  }

  /** What is said while there is no connection is not said at all: each `open` begins anew. */
  send(line) {
    if (!this.#writer) return;
    const text = `${line}\n`;
    this.up += bytes(text);
    this.#writer.write(text).catch(() => {}); // `close` tells of it
  }

  async #run({ readable, writable }) {
    this.#writer = writable.getWriter();
    this.#become("connected");
    this.dispatchEvent(new Event("open"));
    this.#measure();
    const counted = new TransformStream({
      transform: (chunk, controller) => {
        this.down += bytes(chunk);
        controller.enqueue(chunk);
      },
    });
    try {
      const reader = readable.pipeThrough(counted).pipeThrough(new LineStream()).getReader();
      for (let next; !(next = await reader.read()).done;) this.#heard(next.value);
    } catch {
      // `close` tells of it
    }
  }

  #heard(line) {
    if (line === this.#ping?.answer) {
      this.roundTrip = performance.now() - this.#ping.at;
      this.#ping = undefined;
      this.#timer = setTimeout(() => this.#measure(), pause);
      this.#tellChange();
    } else {
      this.dispatchEvent(Object.assign(new Event("line"), { line }));
    }
  }

  #measure() {
    const word = `rtt-${++this.#pings}`;
    this.#ping = { answer: `pong ${word}`, at: performance.now() };
    this.send(`ping ${word}`);
  }

  #lost(state) {
    clearTimeout(this.#timer);
    this.#writer = this.#ping = this.roundTrip = undefined;
    this.#become(state);
  }

  #become(state) {
    this.state = state;
    this.#tellChange();
  }

  #tellChange() {
    this.dispatchEvent(new Event("change"));
  }
}

const encoder = new TextEncoder();
const bytes = (text) => encoder.encode(text).length;
