import { backOff, DrawbridgeError, DrawbridgeSocket } from "/client/drawbridge.js";

/** The address of a route of the bridge that this page came from. */
export function address(path) {
  return Object.assign(new URL(path, location), { protocol: location.protocol.replace("http", "ws") }).href;
}

/** Shows how the connection is; `kind` is "good", "bad", or nothing. */
export function say(text, kind = "") {
  const status = document.querySelector("#status");
  status.textContent = text;
  status.className = kind;
}

/** Shows why a connection ended, by drawbridge's reason word; `delay` in milliseconds if another one follows. */
export function sayEnd({ code, word }, delay) {
  const again = delay === undefined ? "" : `, again in ${Math.ceil(delay / 1000)} s`;
  say(`${word || "disconnected"} (${code})${again}`, "bad");
}

/**
 * One connection to `path` after the other: serve(streams) is called for each, and says that it is connected once the service
 * has answered, because a refusal by `rejection: close` comes after the opening. The client comes back after failures; this
 * one does also when the service ends the connection in good order, because a service that restarts does just that.
 * With `ended`, such an end is the last one, and that is called. Returns a function that ends it for good.
 */
export function stayConnected(path, serve, ended) {
  let socket;
  let timer;
  let endings = 0; // in a row, by the service and soon
  let over;
  const listening = new AbortController();

  function connect() {
    let openedAt;
    over = false;
    socket = new DrawbridgeSocket(address(path), { reconnect: true });
    say("connecting…");
    socket.addEventListener("reconnecting", () => say("connecting…"));
    socket.addEventListener("open", async (streams) => {
      openedAt = performance.now();
      try {
        await serve(streams);
      } catch (error) {
        if (!(error instanceof DrawbridgeError)) throw error; // it ended, as `close` tells
      }
    });
    socket.addEventListener("close", (close) => {
      let { delay } = close;
      if (close.word === "backend_closed" && !over && !ended) {
        if (performance.now() - openedAt > 5_000) endings = 0;
        delay = backOff(endings++);
        timer = setTimeout(connect, delay);
      }
      sayEnd(close, delay);
      if (delay === undefined) ended?.();
    });
  }

  function close() {
    over = true;
    clearTimeout(timer);
    return socket.close();
  }

  connect();
  // A page that somebody has left may be kept for when they come back, and its connection would stay open.
  addEventListener("pagehide", close, listening);
  addEventListener("pageshow", ({ persisted }) => persisted && connect(), listening);
  return () => {
    listening.abort();
    return close();
  };
}
