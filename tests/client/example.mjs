// A page around an example of client/README.md: `node example.mjs EXAMPLE ORIGIN TOKEN`. Prints what it shows.
import { createRequire } from "node:module";
import { operatorAt } from "./scenarios.mjs";

const [example, origin, token] = process.argv.slice(2);
const operator = operatorAt(origin);
const realFetch = globalThis.fetch;
const Ws = createRequire(import.meta.url)("ws");
let shown = 0;

Object.assign(globalThis, {
  WebSocket: class extends Ws {
    constructor(url, protocols) {
      super(url, protocols, { origin });
      if (url.endsWith("/killed")) this.addEventListener("open", () => operator("kill", "killed"));
    }
  },
  fetch: (url, ...more) => (url === "/login/token" ? { text: async () => token } : realFetch(url, ...more)),
  status: (words) => console.log(words),
  show(bytes) {
    console.log(`shown ${new TextDecoder().decode(bytes).trim()}`);
    if (++shown === 2) process.exit();
    operator("crash");
  },
});
await import(example);
