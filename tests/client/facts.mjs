// What a browser really does with a WebSocket, as docs/browsers.md says it.

const MiB = 1 << 20;

function outcome(socket) {
  const events = [];
  for (const type of ["open", "error"]) socket.addEventListener(type, () => events.push(type));
  return new Promise((resolve) => {
    socket.addEventListener("close", ({ code, reason, wasClean }) => resolve([...events, code, reason, wasClean]));
  });
}

function opened(url, protocols) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, protocols);
    socket.addEventListener("open", () => resolve(socket));
    socket.addEventListener("close", ({ code }) => reject(new Error(`${url} closed with ${code}`)));
  });
}

function error(tried) {
  try {
    tried();
    return null;
  } catch ({ name }) {
    return name;
  }
}

export async function facts({ url, operator }) {
  const found = {};

  // What a page sees of a refusal.
  found["refused by a status"] = await outcome(new WebSocket(url("nowhere")));
  found["foreign origin"] = await outcome(new WebSocket(url("foreign")));
  found["nobody listens"] = await outcome(new WebSocket("ws://127.0.0.1:9/")); // nor may: see the console
  found["refused by a Close"] = await outcome(new WebSocket(url("late")));
  const first = await opened(url("full"));
  found["full"] = await outcome(new WebSocket(url("full")));
  first.close();

  // What it sees of an end.
  for (const route of ["bye", "reset", "killed", "drained"]) {
    const socket = await opened(url(route));
    const end = outcome(socket);
    if (route === "reset") socket.send("x");
    if (route === "killed") await operator("kill", route);
    if (route === "drained") await operator("drain", route);
    found[`the end: ${route}`] = await end;
    if (route === "drained") await operator("resume", route);
  }

  // What drawbridge sees when a page goes away.
  const frame = document.createElement("iframe");
  frame.srcdoc = `<script>new WebSocket("${url("left")}").onopen = () => parent.postMessage("open", "*")</` + "script>";
  const open = new Promise((resolve) => addEventListener("message", resolve, { once: true }));
  document.body.append(frame);
  await open;
  frame.remove();
  const { reason, code } = await operator("ended", "left");
  found["a page that goes away"] = [reason, code ?? null];

  // Subprotocols.
  found["no subprotocol in common"] = await outcome(new WebSocket(url("chosen"), "mqtt"));
  found["a credential alone"] = await outcome(new WebSocket(url("echo"), "base64url.bearer.authorization.drawbridge.eA"));
  const chosen = await opened(url("chosen"), ["mqtt", "binary"]);
  found["the one in common"] = chosen.protocol;
  found["a subprotocol twice"] = error(() => new WebSocket(url("echo"), ["binary", "binary"]));
  found["a subprotocol with a blank"] = error(() => new WebSocket(url("echo"), "a b"));

  // Addresses.
  found["a fragment"] = error(() => new WebSocket(`${url("echo")}#x`).close());
  found["http:"] = error(() => new WebSocket(url("echo").replace("ws:", "http:")).close());
  found["a relative address"] = error(() => new WebSocket("/echo").close());

  // What a page may close with.
  found["codes a page may send"] = [999, 1000, 1001, 1005, 1006, 1008, 1011, 1012, 2999, 3000, 4000, 4999, 5000]
    .filter((code) => error(() => chosen.close(code)) === null);
  found["a longer reason than 123 bytes"] = error(() => chosen.close(1000, "ü".repeat(62)));
  const coded = await opened(url("echo"));
  const end = outcome(coded);
  coded.close(4321, "mine");
  found["its own code"] = await end;
  const early = new WebSocket(url("echo"));
  const unopened = outcome(early);
  early.close();
  found["closed before it is open"] = await unopened;

  // What comes after close().
  const deaf = await opened(url("flood"));
  let came = 0;
  deaf.addEventListener("message", () => ++came);
  const unheard = outcome(deaf);
  deaf.close();
  await unheard;
  found["messages after close()"] = came;

  // bufferedAmount.
  await operator("hold");
  const full = await opened(url("sink"));
  full.send(new Uint8Array(16 * MiB));
  const waiting = full.bufferedAmount;
  found["it grows by what is sent, within the task"] = waiting === 16 * MiB;
  full.send("ü");
  found["a text counts in bytes of UTF-8"] = full.bufferedAmount - waiting;
  const released = operator("release");
  while (full.bufferedAmount > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  await released;
  full.send(new Uint8Array(MiB));
  const delivered = outcome(full);
  full.close();
  await delivered;
  found["bytes before close() arrive"] = (await operator("sunk")).size === 17 * MiB + 2;
  const after = full.bufferedAmount;
  full.send(new Uint8Array(1000));
  found["send() after the end only counts"] = full.bufferedAmount - after;
  found["send() before it is open"] = error(() => {
    const unready = new WebSocket(url("echo"));
    unready.addEventListener("open", () => unready.close());
    unready.send("too early");
  });

  found["binaryType by default"] = new WebSocket(url("nowhere")).binaryType;
  found["WebSocketStream"] = "WebSocketStream" in globalThis;
  found["TCPSocket"] = "TCPSocket" in globalThis;
  return found;
}

// Of a page behind another one: after how long timers of 10 ms become slow, how
// slow, and how many messages come and go meanwhile.
export async function factsOfHidden({ url }) {
  const socket = await opened(url("echo"));
  await new Promise((resolve) => {
    if (document.hidden) resolve();
    document.addEventListener("visibilitychange", () => document.hidden && resolve());
  });
  const timer = async () => {
    const begin = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 10));
    return performance.now() - begin;
  };
  const begin = performance.now();
  while (await timer() < 500) ;
  const after = performance.now() - begin;
  let messages = 0;
  socket.addEventListener("message", () => {
    if (++messages < 100) socket.send("x");
  });
  socket.send("x");
  const timers = [await timer(), await timer()];

  // The same in a worker, which nobody sees anyway.
  const source = new Blob([`const timer = ${timer}; timer().then(timer).then(postMessage);`]);
  const worker = new Worker(URL.createObjectURL(source));
  const inWorker = await new Promise((resolve) => { worker.onmessage = ({ data }) => resolve(data); });
  return { after, timers, messages, inWorker };
}
