// What client/drawbridge.js promises, with the real daemon, in Node and in browsers alike. A scenario gets `url(path)`,
// `operator(word, route)`, which asks bridge.py, and `WebSocket`.
import { backOff, DrawbridgeError, DrawbridgeSocket } from "../../client/drawbridge.js";

const MiB = 1 << 20;
const NIGHT_SHIFT = "the-night-shift-laptop-0123456789";
const LAST_YEAR = "last-years-laptop-0123456789abcde";
const SOON = { min: 4, max: 16 };

const text = (bytes) => new TextDecoder().decode(bytes);

function equal(got, expected, what = "") {
  const [left, right] = [got, expected].map((value) => JSON.stringify(value));
  if (left !== right) throw new Error(`${what} ${left} instead of ${right}`);
}

function ok(true_, what) {
  if (!true_) throw new Error(`not so: ${what}`);
}

async function failure(promise) {
  let value;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`no failure, but ${JSON.stringify(value)}`);
}

const next = (socket, type) => new Promise((resolve) => socket.addEventListener(type, resolve, { once: true }));

// Words in, words out.
async function echoes({ readable, writable }, words = "across") {
  const [reader, writer] = [readable.getReader(), writable.getWriter()];
  await writer.write(new TextEncoder().encode(words));
  let came = "";
  while (came.length < words.length) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`the end after "${came}"`);
    came += text(value);
  }
  equal(came, words);
  [reader, writer].forEach((each) => each.releaseLock());
}

// The first connection that carries something: one that is refused by a Close may open too.
function carried(socket) {
  return new Promise((resolve) => {
    function look(pair) {
      echoes(pair).then(() => {
        socket.removeEventListener("open", look);
        resolve(pair);
      }, () => {});
    }
    socket.addEventListener("open", look);
  });
}

function all(socket, type) {
  const events = [];
  socket.addEventListener(type, (event) => events.push(event));
  return events;
}

function pattern(size) {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; ++at) bytes[at] = (at * 2654435761) >>> 24;
  return bytes;
}

async function digest(bytes) {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// A WebSocket that can be looked at from outside.
function watched(Base) {
  return class extends Base {
    constructor(...how) {
      super(...how);
      this.constructor.last = this;
    }
  };
}

// Looks at once, and then every millisecond.
async function until(true_) {
  await Promise.resolve();
  while (!true_()) await new Promise((resolve) => setTimeout(resolve, 1));
}

export const scenarios = {
  async "chunks of every kind arrive as they are, in order"({ url, WebSocket }) {
    const socket = new DrawbridgeSocket(url("echo"), { WebSocket });
    const { readable, writable, protocol } = await socket.opened;
    equal(protocol, "");
    const bytes = pattern(300_000);
    const writer = writable.getWriter();
    const written = (async () => {
      await writer.write(bytes.subarray(0, 1));
      await writer.write(new DataView(bytes.buffer, 1, 99_999));
      await writer.write(bytes.slice(100_000).buffer);
      await writer.write(new Uint8Array());
    })();
    const came = new Uint8Array(bytes.length);
    const reader = readable.getReader();
    for (let size = 0; size < came.length;) {
      const { value } = await reader.read();
      came.set(value, size);
      size += value.length;
    }
    await written;
    equal(await digest(came), await digest(bytes));
    equal(await socket.close(), { code: 1000, word: "" });
    equal((await reader.read()).done, true);
    ok((await failure(writer.write(bytes))) instanceof DrawbridgeError, "a write after the end fails");
  },

  async "a chunk of another kind is a TypeError and ends the socket"({ url, WebSocket }) {
    const socket = new DrawbridgeSocket(url("echo"), { WebSocket });
    const { writable } = await socket.opened;
    ok((await failure(writable.getWriter().write(7))) instanceof TypeError, "a TypeError");
    ok((await failure(socket.closed)) instanceof TypeError, "the socket ends with it");
  },

  async "writable waits for a service that does not read, and nothing is lost"({ url, operator, WebSocket }) {
    await operator("hold");
    const Watched = watched(WebSocket);
    const highWater = MiB;
    const socket = new DrawbridgeSocket(url("sink"), { WebSocket: Watched, highWater });
    const { writable } = await socket.opened;
    const bytes = pattern(32 * MiB);
    let taken = 0;
    let most = 0;
    const writer = writable.getWriter();
    const written = (async () => {
      for (; taken < bytes.length; taken += MiB / 4) {
        await writer.ready;
        await writer.write(bytes.subarray(taken, taken + MiB / 4));
        most = Math.max(most, Watched.last.bufferedAmount);
      }
    })();
    // It stands: the browser has as much as it may, and what lies between is full.
    await until(() => Watched.last.bufferedAmount > highWater);
    ok(taken < bytes.length, "it waits before the end");
    most = Math.max(most, Watched.last.bufferedAmount);
    await operator("release");
    await written;
    await writer.close();
    ok(most <= highWater + 64 * 1024, `at most highWater and one message waited, not ${most}`);
    equal(await operator("sunk"), { size: bytes.length, sha256: await digest(bytes) });
    equal(await socket.closed, { code: 1000, word: "" });
  },

  async "while writable closes, reading goes on until all is sent"({ url, WebSocket }) {
    const socket = new DrawbridgeSocket(url("echo"), { WebSocket, highWater: 32 * MiB });
    const { readable, writable } = await socket.opened;
    const writer = writable.getWriter();
    await writer.write(pattern(16 * MiB));
    const closed = writer.close();
    let size = 0;
    await readable.pipeTo(new WritableStream({ write(bytes) { size += bytes.length; } }));
    await closed;
    ok(size > 4 * MiB, `of 16 MiB came ${size} back`);
  },

  async "an end that drawbridge has not answered is no good one"({ url, operator, WebSocket }) {
    let crashed;
    class Cut extends WebSocket {
      close() {
        crashed = operator("crash");
      }
    }
    for (const end of [(writable) => writable.getWriter().close(), (_, socket) => socket.close()]) {
      const socket = new DrawbridgeSocket(url("echo"), { WebSocket: Cut });
      const pair = await socket.opened;
      await echoes(pair);
      equal((await failure(end(pair.writable, socket))).code, 1006);
      equal((await failure(socket.closed)).code, 1006);
      await crashed;
    }
  },

  async "abort() does not wait for a service that does not read"({ url, operator, WebSocket }) {
    await operator("hold");
    const Watched = watched(WebSocket);
    const socket = new DrawbridgeSocket(url("sink"), { WebSocket: Watched });
    const { readable, writable } = await socket.opened;
    const writer = writable.getWriter();
    const written = failure(writer.write(pattern(32 * MiB)));
    await until(() => Watched.last.bufferedAmount > MiB);
    const reason = new Error("enough");
    const aborted = writer.abort(reason);
    equal([await failure(socket.closed), await failure(readable.getReader().read())].map((error) => error.message),
      ["enough", "enough"]);
    await operator("release");
    await written;
    await aborted;
    await operator("sunk");
  },

  async "what is not read is bounded"({ url, WebSocket }) {
    const socket = new DrawbridgeSocket(url("flood"), { WebSocket, maxBuffered: MiB, reconnect: true });
    const { readable } = await socket.opened;
    const error = await failure(socket.closed);
    equal([error.code, error.word], [4009, "unread"]);
    equal((await failure(readable.getReader().read())).word, "unread");
  },

  async "what is read may be more than that"({ url, WebSocket }) {
    const socket = new DrawbridgeSocket(url("flood"), { WebSocket, maxBuffered: MiB });
    const reader = (await socket.opened).readable.getReader();
    for (let size = 0; size < 8 * MiB;) size += (await reader.read()).value.length;
    await socket.close();
  },

  async "a readable that is cancelled lets writing go on"({ url, operator, WebSocket }) {
    await operator("release");
    const socket = new DrawbridgeSocket(url("sink"), { WebSocket });
    const { readable, writable } = await socket.opened;
    await readable.cancel();
    const writer = writable.getWriter();
    await writer.write(pattern(1000));
    await writer.close();
    equal((await operator("sunk")).size, 1000);
  },

  async "the service's end is the end of readable"({ url, WebSocket }) {
    const socket = new DrawbridgeSocket(url("bye"), { WebSocket, reconnect: true });
    const { readable, writable } = await socket.opened;
    const reader = readable.getReader();
    equal(text((await reader.read()).value), "bye");
    equal((await reader.read()).done, true);
    equal(await socket.closed, { code: 1000, word: "backend_closed" });
    ok((await failure(writable.getWriter().write(pattern(1)))) instanceof DrawbridgeError, "a write after the end fails");
  },

  async "a service that breaks off is an error in both streams"({ url, WebSocket }) {
    const socket = new DrawbridgeSocket(url("reset"), { WebSocket });
    const { readable, writable } = await socket.opened;
    const writer = writable.getWriter();
    await writer.write(pattern(1));
    for (const promise of [readable.getReader().read(), writer.closed, socket.closed]) {
      const error = await failure(promise);
      ok(error instanceof DrawbridgeError, "a DrawbridgeError");
      equal([error.code, error.word, error.retryAfter], [1011, "backend_reset", undefined]);
      equal(error.message, "the connection ended with 1011 backend_reset");
    }
  },

  async "with reconnect, a backend that is down is tried again with growing delays until it is up"({ url, operator, WebSocket }) {
    const socket = new DrawbridgeSocket(url("late"), { WebSocket, reconnect: { min: 8, max: 64, jitter: 0.5 } });
    const pair = carried(socket);
    for (const longest of [8, 16, 32, 64, 64]) {
      const { code, word, willReconnect, delay } = await next(socket, "close");
      equal([code, word, willReconnect], [4502, "backend_refused", true]);
      ok(longest / 2 <= delay && delay <= longest, `${delay} ms is about ${longest}`);
    }
    await operator("listen");
    await pair;
    await socket.close();
    await operator("hush");
  },

  async "without reconnect, it is the end"({ url, WebSocket }) {
    const socket = new DrawbridgeSocket(url("late"), { WebSocket });
    const event = next(socket, "close");
    const error = await failure(socket.closed);
    equal([error.code, error.word], [4502, "backend_refused"]);
    // Browsers differ in whether it was open before.
    equal(await socket.opened.then(({ readable }) => failure(readable.getReader().read()), (same) => same), error);
    const { willReconnect, delay } = await event;
    equal([willReconnect, delay], [false, undefined]);
  },

  async "a refusal by a status is code 1006, and attempts are bounded"({ url, WebSocket }) {
    for (const path of ["foreign", "down", "nowhere"]) {
      const socket = new DrawbridgeSocket(url(path), { WebSocket, reconnect: { ...SOON, attempts: 2 } });
      const [closes, attempts] = [all(socket, "close"), all(socket, "reconnecting")];
      const error = await failure(socket.closed);
      equal([error.code, error.word, error.wasClean], [1006, "", false], path);
      equal((await failure(socket.opened)).code, 1006);
      equal(attempts.map(({ attempt }) => attempt), [1, 2]);
      await until(() => closes.length === 3);
      equal(closes.map(({ willReconnect }) => willReconnect), [true, true, false]);
    }
  },

  async "retry=N is heeded, and the wait ends with close()"({ url, WebSocket }) {
    const first = new DrawbridgeSocket(url("full"), { WebSocket });
    await echoes(await first.opened);
    const second = new DrawbridgeSocket(url("full"), { WebSocket, reconnect: SOON });
    const { code, word, retryAfter, willReconnect, delay } = await next(second, "close");
    equal([code, word, willReconnect], [4503, "route_full", true]);
    ok(retryAfter >= 1000 && delay >= retryAfter && delay <= retryAfter + SOON.max, `${delay} ms for ${retryAfter}`);
    equal(await second.close(), { code: 1000, word: "" });
    await first.close();
  },

  async "429 has its delay too"({ url, WebSocket }) {
    const options = { WebSocket, token: NIGHT_SHIFT, reconnect: SOON };
    const first = new DrawbridgeSocket(url("quota"), options);
    await echoes(await first.opened);
    const second = new DrawbridgeSocket(url("quota"), options);
    const { code, word, retryAfter, willReconnect, delay } = await next(second, "close");
    equal([code, word, willReconnect], [4429, "quota", true]);
    ok(retryAfter >= 1000 && delay >= retryAfter, `${delay} ms for ${retryAfter}`);
    await Promise.all([first.close(), second.close()]);
  },

  async "a wrong token is not tried again"({ url, WebSocket }) {
    for (const [token, word] of [["wrong", "credential_invalid"], [LAST_YEAR, "credential_expired"]]) {
      const socket = new DrawbridgeSocket(url("guarded"), { WebSocket, token, reconnect: SOON });
      const error = await failure(socket.closed);
      equal([error.code, error.word], [4401, word]);
    }
  },

  async "a function is asked for a new token when the old one has expired"({ url, WebSocket }) {
    const tokens = [LAST_YEAR, NIGHT_SHIFT];
    const socket = new DrawbridgeSocket(url("guarded"),
      { WebSocket, reconnect: SOON, protocols: ["mqtt", "binary"], token: async () => tokens.shift() });
    equal((await carried(socket)).protocol, "mqtt");
    equal(tokens, []);
    await socket.close();
  },

  async "a function that has no token ends the socket with its error"({ url, WebSocket }) {
    const token = () => Promise.reject(new Error("logged out"));
    const socket = new DrawbridgeSocket(url("guarded"), { WebSocket, token, reconnect: SOON });
    equal((await failure(socket.opened)).message, "logged out");
    equal((await failure(socket.closed)).message, "logged out");
  },

  async "a drain is 1012, after which it comes back with new streams"({ url, operator, WebSocket }) {
    // Long enough for the operator to be done; whoever comes too early waits for `draining;retry=5`.
    const socket = new DrawbridgeSocket(url("drained"), { WebSocket, reconnect: { min: 500, jitter: 0 } });
    await echoes(await socket.opened);
    const again = carried(socket);
    await operator("crash");
    const old = await again;
    const closed = next(socket, "close");
    const reader = old.readable.getReader();
    const reading = failure(reader.read());
    await operator("drain", "drained");
    const { code, word, willReconnect, delay } = await closed;
    equal([code, word, willReconnect, delay], [1012, "drain", true, 500]);
    equal((await reading).word, "drain");
    const pair = carried(socket);
    await operator("resume", "drained");
    ok(await pair !== old, "they are others");
    await socket.close();
  },

  async "an old connection's streams have no power over the next one"({ url, operator, WebSocket }) {
    const socket = new DrawbridgeSocket(url("echo"), { WebSocket, reconnect: SOON });
    const old = await socket.opened;
    await echoes(old);
    const pair = carried(socket);
    await operator("crash");
    const fresh = await pair;
    ok(fresh.readable !== old.readable && fresh.writable !== old.writable, "they are others");
    await old.writable.abort().catch(() => {});
    await old.readable.cancel().catch(() => {});
    await echoes(fresh, "still there");
    await socket.close();
  },

  async "a kill is not answered by coming back"({ url, operator, WebSocket }) {
    const socket = new DrawbridgeSocket(url("killed"), { WebSocket, reconnect: SOON });
    await echoes(await socket.opened);
    await operator("kill", "killed");
    const error = await failure(socket.closed);
    equal([error.code, error.word], [1008, "killed"]);
  },

  async "a connection that was good begins the delays anew"({ url, operator, WebSocket }) {
    const socket = new DrawbridgeSocket(url("echo"), { WebSocket, reconnect: { ...SOON, stable: 0 } });
    const attempts = all(socket, "reconnecting");
    await echoes(await socket.opened);
    for (let times = 1; times <= 2; ++times) {
      const pair = carried(socket);
      await operator("crash");
      await pair;
    }
    equal(attempts.filter(({ attempt }) => attempt === 1).length, 2);
    await socket.close();
  },

  async "a connection that was short does not"({ url, operator, WebSocket }) {
    const socket = new DrawbridgeSocket(url("echo"), { WebSocket, reconnect: { ...SOON, stable: 60_000 } });
    const attempts = all(socket, "reconnecting");
    await echoes(await socket.opened);
    for (let times = 1; times <= 2; ++times) {
      const pair = carried(socket);
      await operator("crash");
      await pair;
    }
    equal(attempts.map(({ attempt }) => attempt), attempts.map((_, index) => index + 1));
    await socket.close();
  },

  async "text is strings"({ url, WebSocket }) {
    const socket = new DrawbridgeSocket(url("text"), { WebSocket, text: true });
    const { readable, writable } = await socket.opened;
    const words = "grüße 🌉 ".repeat(20_000);
    const writer = writable.getWriter();
    const written = writer.write(words);
    const reader = readable.getReader();
    let came = "";
    while (came.length < words.length) came += (await reader.read()).value;
    await written;
    ok(came === words, "the same words");
    await socket.close();
  },

  async "bytes of a text route are bytes"({ url, WebSocket }) {
    const socket = new DrawbridgeSocket(url("text"), { WebSocket });
    const { readable, writable } = await socket.opened;
    await writable.getWriter().write("grüße");
    equal(text((await readable.getReader().read()).value), "grüße");
    await socket.close();
  },

  async "text of a binary route is put together where a character is cut"({ url, WebSocket }) {
    const socket = new DrawbridgeSocket(url("halves"), { WebSocket, text: true });
    const { readable, writable } = await socket.opened;
    const reader = readable.getReader();
    equal((await reader.read()).value, "gr");
    await writable.getWriter().write("?");
    equal((await reader.read()).value, "üße");
    await socket.close();
  },

  async "a signal ends it, with its reason"({ url, WebSocket }) {
    const stop = new AbortController();
    const socket = new DrawbridgeSocket(url("echo"), { WebSocket, signal: stop.signal, reconnect: SOON });
    const { readable } = await socket.opened;
    stop.abort(new Error("left the page"));
    equal((await failure(socket.closed)).message, "left the page");
    equal((await failure(readable.getReader().read())).message, "left the page");

    const never = new DrawbridgeSocket(url("echo"), { WebSocket, signal: stop.signal });
    equal((await failure(never.opened)).message, "left the page");
    equal((await failure(never.closed)).message, "left the page");
  },

  async "close() before it is open, or while it waits"({ url, WebSocket }) {
    for (const connecting of [false, true]) {
      const Watched = watched(WebSocket);
      const early = new DrawbridgeSocket(url("echo"), { WebSocket: Watched, reconnect: true });
      const opened = failure(early.opened);
      if (connecting) await until(() => Watched.last !== undefined);
      equal((await early.close()).word, "");
      equal((await opened).message, "closed before it was open");
      if (connecting) ok(Watched.last.readyState > 1, "it is closed");
      else equal(Watched.last, undefined);
    }

    const waiting = new DrawbridgeSocket(url("foreign"), { WebSocket, reconnect: { min: 1e9, max: 1e9 } });
    equal((await next(waiting, "close")).willReconnect, true);
    equal(await waiting.close(), { code: 1000, word: "" });
  },

  async "close() in a listener of close is enough"({ url, WebSocket }) {
    const socket = new DrawbridgeSocket(url("foreign"), { WebSocket, reconnect: SOON });
    socket.addEventListener("close", () => socket.close());
    equal(await socket.closed, { code: 1000, word: "" });
  },

  async "a subprotocol that the route does not speak is a refusal"({ url, WebSocket }) {
    const socket = new DrawbridgeSocket(url("chosen"), { WebSocket, protocols: "mqtt" });
    equal((await failure(socket.opened)).code, 1006);
    const other = new DrawbridgeSocket(url("chosen"), { WebSocket, protocols: ["mqtt", "binary"] });
    equal((await other.opened).protocol, "binary");
    await other.close();
  },

  async "an address that is none rejects"({ WebSocket }) {
    const socket = new DrawbridgeSocket("ftp://127.0.0.1/", { WebSocket, reconnect: true });
    equal((await failure(socket.opened)).name, "SyntaxError");
    equal((await failure(socket.closed)).name, "SyntaxError");
  },

  async "delays grow up to their maximum, and chance shortens them"() {
    const settings = { min: 500, max: 30_000, factor: 2, jitter: 0.5 };
    equal([0, 1, 2, 5, 6, 7, 5000].map((failures) => backOff(failures, settings, 0)),
      [500, 1000, 2000, 16_000, 30_000, 30_000, 30_000]);
    equal([0, 6].map((failures) => backOff(failures, settings, 0.999)).map(Math.round), [250, 15_015]);
    equal(backOff(0, { ...settings, jitter: 1 }, 0.75), 125);
    const some = backOff(3);
    ok(some > 2000 && some <= 4000, "by default too");
  },
};

// Everything, or what has `only` in its name; `told(name, error)` after each.
export async function run(world, told, only = "") {
  for (const [name, scenario] of Object.entries(scenarios)) {
    if (!name.includes(only)) continue;
    let timer;
    const tooLong = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error("it takes too long")), 20_000);
    });
    let error;
    try {
      await Promise.race([scenario(world), tooLong]);
    } catch (problem) {
      error = `${problem?.stack ?? problem}`;
      if (!error.includes(problem?.message)) error = `${problem.message}\n${error}`; // Firefox's stack is only that
    }
    clearTimeout(timer);
    told(name, error);
  }
}

export function operatorAt(origin) {
  return async (word, route) => {
    const answer = await fetch(`${origin}/control/${word}${route ? `/${route}` : ""}`, { method: "POST", body: "" });
    if (!answer.ok) throw new Error(await answer.text());
    return answer.json();
  };
}
