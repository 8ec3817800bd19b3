// A TCP service behind drawbridge as a pair of streams, in the shape of the Direct Sockets API's TCPSocket. For browsers,
// and for Node with its WebSocket or that of the package `ws`. All times are in milliseconds, all sizes in bytes.

const OPEN = 1; // WebSocket.OPEN
const PIECE = 64 * 1024; // of a chunk; a message of that size is below every sensible limit of a route
const LONGEST_TIMER = 2 ** 31 - 1;
const CREDENTIAL = "base64url.bearer.authorization.drawbridge.";

// Codes of this side's own, outside of the 4000 + HTTP status that drawbridge sends.
const ABORTED = 4000;
const UNREAD = 4009;

const reconnection = { min: 500, max: 30_000, factor: 2, jitter: 0.5, attempts: Infinity, stable: 5_000 };

/** The end of a connection that was not a good one. */
export class DrawbridgeError extends Error {
  constructor({ code, word = "", retryAfter, wasClean = true }, message) {
    super(message ?? `the connection ended with ${code}${word && ` ${word}`}`);
    this.name = "DrawbridgeError";
    Object.assign(this, { code, word, retryAfter, wasClean });
  }
}

/** What a Close says: its code, drawbridge's reason word, and how long to wait if it says so (`word;retry=SECONDS`). */
export function readClose({ code, reason = "", wasClean = true }) {
  const [, word, seconds] = /^(\w+)(?:;retry=(\d+))?$/.exec(reason) ?? [];
  return { code, word: word ?? reason, retryAfter: seconds === undefined ? undefined : Number(seconds) * 1000, wasClean };
}

const passing = new Set([1001, 1006, 1011, 1012, 1013, 4429, 4502, 4503, 4504]);

/** Whether another connection may fare better. `freshToken`: it would bring a new token. */
export function retryHelps({ code, word, retryAfter }, freshToken = false) {
  if (retryAfter !== undefined) return true;
  if (word === "credential_expired") return freshToken;
  return passing.has(code) && word !== "backend_text";
}

/** How long to wait after `failures` in a row; `random` is one of [0, 1). */
export function backOff(failures, { min, max, factor, jitter } = reconnection, random = Math.random()) {
  return Math.min(max, min * factor ** failures) * (1 - jitter * random);
}

/** A connection; with `reconnect`, one after the other. Each has streams of its own: see the event `open`. */
export class DrawbridgeSocket extends EventTarget {
  #url;
  #options;
  #reconnect;
  #opened = deferred();
  #closed = deferred();
  #socket; // the WebSocket, while there is one
  #streams;
  #ending; // { error }, once this side has ended it
  #failures = 0;
  #timer;

  constructor(url, options = {}) {
    super();
    this.#url = url;
    this.#options = { WebSocket: globalThis.WebSocket, highWater: 1 << 20, maxBuffered: 64 << 20, ...options };
    this.#reconnect = options.reconnect ? { ...reconnection, ...options.reconnect } : { ...reconnection, attempts: 0 };
    const { signal } = options;
    if (signal?.aborted) {
      this.#end(signal.reason);
    } else {
      const abort = () => this.#end(signal.reason);
      signal?.addEventListener("abort", abort);
      this.#closed.promise.catch(() => {}).then(() => signal?.removeEventListener("abort", abort));
      this.#connect();
    }
  }

  /** Comes to `{ readable, writable, protocol }` of the first connection. */
  get opened() {
    return this.#opened.promise;
  }

  /** Comes to `{ code, word }` after a good end; rejects with a DrawbridgeError, or what `signal` or abort() was given. */
  get closed() {
    return this.#closed.promise;
  }

  /** Sends what was written, then ends in good order. Returns `closed`. */
  close() {
    this.#end();
    return this.closed;
  }

  async #connect() {
    let socket;
    try {
      const protocols = await offered(this.#options);
      if (this.#ending) return;
      socket = new this.#options.WebSocket(this.#url, protocols);
    } catch (error) {
      this.#finish(error);
      return;
    }
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    let openedAt;
    socket.addEventListener("open", () => {
      openedAt = performance.now();
      this.#streams = streamsOf(socket, this.#options, (...how) => this.#end(...how));
      const { readable, writable } = this.#streams;
      const pair = { readable, writable, protocol: socket.protocol };
      this.#opened.resolve(pair);
      this.#tell("open", pair);
    });
    let over = false;
    const lost = (event) => {
      if (over) return;
      over = true;
      this.#lost(readClose(event), openedAt);
    };
    socket.addEventListener("close", lost);
    // Node's WebSocket did not let a close follow the error of an attempt.
    socket.addEventListener("error", () => openedAt === undefined && lost({ code: 1006, wasClean: false }));
  }

  #lost(close, openedAt) {
    const streams = this.#streams;
    this.#socket = this.#streams = undefined;
    // Whoever ends what never opened gets what they wanted, whatever the code.
    const failed = close.code !== 1000 && (streams || !this.#ending) ? new DrawbridgeError(close) : undefined;
    const error = this.#ending?.error ?? failed;
    streams?.end(error);

    // A connection that is refused after its opening must not begin the delays anew, nor one that ends at once.
    if (close.code === 1012 || performance.now() - openedAt >= this.#reconnect.stable) this.#failures = 0;
    const willReconnect = !this.#ending && this.#failures < this.#reconnect.attempts &&
      retryHelps(close, typeof this.#options.token === "function");
    const wait = backOff(this.#failures, this.#reconnect) + (close.retryAfter ?? 0);
    const delay = willReconnect ? Math.min(wait, LONGEST_TIMER) : undefined;
    if (!willReconnect) {
      this.#finish(error, close);
    } else {
      const attempt = ++this.#failures;
      this.#timer = setTimeout(() => {
        this.#tell("reconnecting", { attempt });
        if (!this.#ending) this.#connect();
      }, delay);
    }
    this.#tell("close", { ...close, willReconnect, delay });
  }

  // From this side: in good order without an error.
  #end(error, code = error === undefined ? 1000 : ABORTED, word = error === undefined ? "" : "aborted") {
    if (this.#ending) return;
    this.#ending = { error };
    clearTimeout(this.#timer);
    if (error !== undefined) this.#streams?.end(error);
    this.#socket?.close(code, word);
    // A good end is one that the other side has answered.
    if (error !== undefined || !this.#socket) this.#finish(error);
  }

  #finish(error, { code, word } = { code: 1000, word: "" }) {
    this.#ending ??= { error };
    this.#opened.reject(error ?? new DrawbridgeError({ code, word }, "closed before it was open"));
    if (error === undefined) this.#closed.resolve({ code, word });
    else this.#closed.reject(error);
  }

  #tell(type, what) {
    this.dispatchEvent(Object.assign(new Event(type), what));
  }
}

// A promise that is no unhandled rejection when nobody asks for it.
function deferred() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  made.promise.catch(() => {});
  return made;
}

// The subprotocols; a token is one of them, beside which a real one is needed for the answer.
async function offered({ protocols = [], token }) {
  const real = [protocols].flat();
  const given = typeof token === "function" ? await token() : token;
  if (given === undefined) return real;
  const bytes = String.fromCharCode(...new TextEncoder().encode(given));
  const base64url = btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return [...(real.length ? real : ["binary"]), CREDENTIAL + base64url];
}

// An open WebSocket as streams. `finish(error, code, word)` is called when they end it; `end(error)` when it has ended.
function streamsOf(socket, { text, highWater, maxBuffered }, finish) {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const ended = deferred();
  let reader; // the controllers, while there is somebody to tell
  let writer;

  const readable = new ReadableStream({
    start(controller) { reader = controller; },
    cancel() { reader = undefined; },
  }, { highWaterMark: maxBuffered, size: (chunk) => chunk.byteLength ?? chunk.length });

  socket.addEventListener("message", ({ data }) => {
    if (!reader) return;
    const binary = typeof data !== "string";
    const chunk = text ? (binary ? decoder.decode(data, { stream: true }) : data)
      : (binary ? new Uint8Array(data) : encoder.encode(data));
    if (chunk.length === 0) return;
    reader.enqueue(chunk);
    if (reader.desiredSize < 0) {
      const unread = { code: UNREAD, word: "unread" };
      finish(new DrawbridgeError(unread, `more than maxBuffered (${maxBuffered} bytes) arrived and were not read`), UNREAD, unread.word);
    }
  });

  // There is no event for it, so it looks: soon at first, and then every 32 ms.
  async function drained(most) {
    for (let wait = 1; socket.readyState === OPEN && socket.bufferedAmount > most; wait = Math.min(2 * wait, 32)) {
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
    // What is sent from now on would be lost in silence.
    if (socket.readyState !== OPEN) throw await ended.promise;
  }

  const writable = new WritableStream({
    start(controller) {
      writer = controller;
      // At once: abort() of a sink waits until the write before it is done.
      controller.signal.addEventListener("abort", () => fail(controller.signal.reason));
    },
    async write(chunk) {
      try {
        for (const piece of pieces(chunk)) {
          await drained(highWater);
          socket.send(piece);
        }
      } catch (error) {
        fail(error);
        throw error;
      }
    },
    async close() {
      await drained(0); // before, because from then on a browser throws away what comes
      finish();
      const why = await ended.promise;
      if (why.code !== 1000) throw why;
    },
  });

  // The stream errors by itself; the rest has to follow.
  function fail(error) {
    if (!writer) return;
    writer = undefined;
    finish(error);
  }

  function end(error) {
    if (error === undefined) reader?.close();
    else reader?.error(error);
    const why = error ?? new DrawbridgeError({ code: 1000, word: "closed" }, "the connection is closed");
    writer?.error(why); // which leaves one that is being closed to its close()
    reader = writer = undefined;
    ended.resolve(why);
  }

  return { readable, writable, end };
}

// Text as text, bytes as bytes.
function* pieces(chunk) {
  if (typeof chunk === "string") {
    for (let begin = 0, end; begin < chunk.length; begin = end) {
      end = begin + PIECE / 4;
      if (/[\uD800-\uDBFF]/.test(chunk[end - 1])) ++end; // a pair of surrogates is one character
      yield chunk.slice(begin, end);
    }
    return;
  }
  const bytes = ArrayBuffer.isView(chunk) ? new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    : chunk instanceof ArrayBuffer ? new Uint8Array(chunk) : undefined;
  if (!bytes) throw new TypeError("a chunk is an ArrayBuffer, a view of one, or a string");
  for (let begin = 0; begin < bytes.length; begin += PIECE) yield bytes.subarray(begin, begin + PIECE);
}
