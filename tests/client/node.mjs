// The scenarios in Node: `node node.mjs ORIGIN BRIDGE ws|native [ONLY]`. Prints `{ name, error }` as JSON, a line each.
import { webcrypto } from "node:crypto";
import { createRequire } from "node:module";
import { operatorAt, run } from "./scenarios.mjs";

const [origin, bridge, kind, only] = process.argv.slice(2);
globalThis.crypto ??= webcrypto; // Node 18

function withOrigin(Base) {
  return class extends Base {
    constructor(url, protocols) {
      super(url, protocols, { origin });
    }
  };
}

const WebSocket = kind === "ws" ? withOrigin(createRequire(import.meta.url)("ws")) : globalThis.WebSocket;
process.on("unhandledRejection", (error) => {
  console.log(JSON.stringify({ name: "no rejection is unhandled", error: String(error?.stack) }));
  process.exit(1);
});
const world = { url: (path) => `${bridge}/${path}`, operator: operatorAt(origin), WebSocket };
await run(world, (name, error) => console.log(JSON.stringify({ name, error })), only);
process.exit();
