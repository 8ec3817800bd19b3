import { backOff, readClose, retryHelps } from "/client/drawbridge.js";
import mqtt from "/mqtt.js/mqtt.esm.js";
import { address, say, sayEnd } from "/shared/connection.js";

/** A client of MQTT.js that comes back, and says how it stands. */
export function connect(options = {}) {
  let failures = 0;
  const client = mqtt.connect(address("/mqtt"), {
    ...options,
    createWebsocket,
    timerVariant: "native", // the other one is a worker made of text, which the policy of the page forbids
  });

  // MQTT.js does not tell why a WebSocket ended: this one does.
  function createWebsocket(url, protocols) {
    say("connecting…");
    const socket = new WebSocket(url, protocols);
    socket.addEventListener("close", (event) => {
      const close = readClose(event);
      const again = !client.disconnecting && (retryHelps(close) || close.word === "backend_closed"); // a broker that restarts
      client.options.reconnectPeriod = again ? Math.max(1, backOff(failures++)) : 0; // ms; 0 is never
      sayEnd(close, again ? client.options.reconnectPeriod : undefined);
    });
    return socket;
  }

  client.on("connect", () => {
    failures = 0;
    say("connected", "good");
  });
  client.on("error", (error) => say(error.message, "bad"));
  // A page that somebody has left may be kept for when they come back, and its connection would stay open.
  addEventListener("pagehide", () => client.end());
  addEventListener("pageshow", ({ persisted }) => persisted && client.reconnect());
  return client;
}
