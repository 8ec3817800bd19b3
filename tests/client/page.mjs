// A browser's part: runs what the address asks for, `?bridge=ws://…&run=scenarios`, `run=facts` or `run=hidden`, and tells the server.
import { facts, factsOfHidden } from "./facts.mjs";
import { operatorAt, run } from "./scenarios.mjs";

const asked = new URLSearchParams(location.search);
const world = { url: (path) => `${asked.get("bridge")}/${path}`, operator: operatorAt(location.origin), WebSocket };
const results = {};
addEventListener("unhandledrejection", ({ reason }) => { results["no rejection is unhandled"] = String(reason?.stack ?? reason); });
try {
  if (asked.get("run") === "facts") Object.assign(results, await facts(world));
  else if (asked.get("run") === "hidden") Object.assign(results, await factsOfHidden(world));
  else await run(world, (name, error) => { results[name] = error ?? null; }, asked.get("only") ?? "");
} catch (error) {
  results.error = String(error?.stack ?? error);
}
await fetch("/told", { method: "POST", body: JSON.stringify(results) });
