// The live page. It looks at the daemon each second and shows what is so, and what changed between two looks. Whatever
// comes from the daemon becomes text, never markup: clients choose names.

const interval = 1000; // ms between looks
const longestInterval = 15000; // ms, after failures
const patience = 10000; // ms for an answer
const shown = 120; // seconds in the charts
const pageSize = 25; // sessions

const at = (id) => document.getElementById(id);

let token = sessionStorage.getItem("token") ?? "";
let last = null; // overview
let lastSessions = new Map(); // those of the page, by id
let samples = []; // for the charts
let trail = []; // the last session of each page before this one
const failing = new Set(); // routes whose backend was not reached the last time
let details = ""; // the session that is shown
let failures = 0;
let timer = 0;
let looking = false;
let wanted = false; // another look, as soon as this one is over

class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function ask(path, method = "GET") {
  const options = { method, headers: { Authorization: `Bearer ${token}` }, signal: AbortSignal.timeout(patience) };
  const answer = await fetch(path, { ...options, cache: "no-store", credentials: "omit", redirect: "error" });
  const body = await answer.json().catch(() => ({}));
  if (answer.ok) return body;
  throw new Refused(answer.status, body.error ?? `it answered ${answer.status}`);
}

// --- What numbers look like

function decimals(value) {
  return value.toLocaleString("en", { maximumFractionDigits: value < 10 && value > 0 ? 1 : 0 });
}
function size(bytes) {
  let unit = 0;
  for (; bytes >= 1024 && unit < 6; ++unit) bytes /= 1024;
  return unit === 0 ? `${decimals(bytes)} B` : `${bytes.toFixed(1)} ${["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"][unit - 1]}`;
}
function time(seconds) {
  const whole = Math.floor(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${whole % 60}s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)}h ${Math.floor((whole % 3600) / 60)}m`;
  return `${Math.floor(whole / 86400)}d ${Math.floor((whole % 86400) / 3600)}h`;
}
const perSecond = (rate) => (rate === null ? "–" : `${decimals(rate)}/s`);
const sizePerSecond = (rate) => (rate === null ? "–" : `${size(rate)}/s`);
const milliseconds = (seconds) => `${(1000 * seconds).toFixed(1)} ms`;
const sum = (counts) => Object.values(counts).reduce((all, count) => all + count, 0);

// --- Tables

// A function that shows items in the body of a table, a row each. What is still there keeps its row, and with it focus
// and selection. A column: its text of an item, and what kind of cell it is.
function table(id, key, columns) {
  const body = at(id);
  const makeRow = (itsKey) => {
    const row = document.createElement("tr");
    row.dataset.key = itsKey;
    for (const { kind, button } of columns) {
      const cell = row.appendChild(document.createElement(kind === "name" ? "th" : "td"));
      if (kind === "name") cell.scope = "row";
      if (kind === "number") cell.className = "number";
      if (button) cell.appendChild(document.createElement("button")).type = "button";
    }
    return row;
  };
  return (items) => {
    const old = new Map([...body.rows].map((row) => [row.dataset.key, row]));
    const rows = items.map((item) => old.get(key(item)) ?? makeRow(key(item)));
    for (const row of old.values()) if (!rows.includes(row)) row.remove();
    rows.forEach((row, i) => {
      if (body.rows[i] !== row) body.insertBefore(row, body.rows[i] ?? null);
      columns.forEach(({ text, state, button, label }, column) => {
        const cell = row.cells[column];
        const words = text(items[i]);
        const place = button ? cell.firstChild : cell;
        if (place.textContent !== words) place.textContent = cell.title = words;
        if (button) place.className = button;
        if (label) place.ariaLabel = label(items[i]);
        if (state) cell.className = state(items[i]);
      });
    });
  };
}

const showRoutes = table("routes", (item) => item.route, [
  { text: (item) => item.route, kind: "name" },
  { text: (item) => item.state, state: (item) => (item.state === "open" ? "good" : "bad") },
  { text: (item) => decimals(item.sessions), kind: "number" },
  { text: (item) => perSecond(item.rates.opened), kind: "number" },
  { text: (item) => perSecond(item.rates.refused), kind: "number" },
  { text: (item) => sizePerSecond(item.rates.up), kind: "number" },
  { text: (item) => sizePerSecond(item.rates.down), kind: "number" },
  { text: (item) => (item.dials.count > 0 ? milliseconds(item.dials.median) : "–"), kind: "number" },
  { text: (item) => decimals(item.dials.failed), kind: "number" },
  { text: (item) => item.backend },
]);

const showRefusals = table("refusals", (item) => item.reason, [
  { text: (item) => item.reason, kind: "name" },
  { text: (item) => perSecond(item.rate), kind: "number" },
  { text: (item) => decimals(item.count), kind: "number" },
  { text: (item) => decimals(item.told), kind: "number" },
  { text: (item) => item.where },
]);

const showSessions = table("sessions", (item) => item.session, [
  { text: (item) => item.session, kind: "name", button: "details" },
  { text: (item) => item.client },
  { text: (item) => item.route },
  { text: (item) => item.identity || "–" },
  { text: (item) => time(item.seconds), kind: "number" },
  { text: (item) => size(item.up_bytes), kind: "number" },
  { text: (item) => size(item.down_bytes), kind: "number" },
  { text: () => "End…", button: "danger", label: (item) => `End session ${item.session}` },
]);

// --- Charts

function chart(id, names, format) {
  const newest = samples.at(-1).time;
  const most = Math.max(...samples.flatMap((sample) => names.map((name) => sample[name])));
  names.forEach((name, line) => {
    const points = samples.map((sample) => `${shown - (newest - sample.time)},${39 - (38 * sample[name]) / (most || 1)}`);
    at(id).children[line].setAttribute("points", points.join(" "));
  });
  at(`${id}-most`).textContent = `at most ${format(most)}`;
}

// --- What is shown

// What grew between two looks, a second; null without a look before.
function rates(now, before, seconds) {
  const rate = (count) => (seconds > 0 ? Math.max(0, (count(now) - (before ? count(before) : 0)) / seconds) : null);
  return {
    opened: rate((its) => its.opened),
    refused: rate((its) => sum(its.refused)),
    up: rate((its) => its.up_bytes),
    down: rate((its) => its.down_bytes),
  };
}

function showState(now) {
  at("state").textContent = now.draining ? "draining" : "ready";
  at("state").className = `state ${now.draining ? "bad" : "good"}`;
  const lag = Math.max(...now.workers.map((worker) => worker.lag));
  at("facts").textContent = `${now.version}, up ${time(now.uptime)}, ${decimals(now.pending)} opening, ` +
    `${size(now.buffers_held)} of ${size(now.buffers_limit)} held, workers answer in ${milliseconds(lag)}`;
}

function showTraffic(now, seconds) {
  const its = rates(now.total, last?.total, seconds);
  at("up").textContent = sizePerSecond(its.up);
  at("down").textContent = sizePerSecond(its.down);
  at("opened").textContent = perSecond(its.opened);
  at("refused").textContent = perSecond(its.refused);
  at("open").textContent = `${decimals(now.total.sessions)} of ${decimals(now.sessions_limit)}`;
  const newest = performance.now() / 1000;
  if (seconds > 0) samples.push({ time: newest, sessions: now.total.sessions, ...its });
  samples = samples.filter((sample) => newest - sample.time <= shown);
  if (samples.length === 0) return;
  chart("throughput", ["up", "down"], sizePerSecond);
  chart("openings", ["opened", "refused"], perSecond);
  chart("sessions-chart", ["sessions"], decimals);
}

// Until a dial succeeds again.
function noteFailures(route, before) {
  if (!before) return;
  if (route.dials.failed > before.dials.failed) failing.add(route.route);
  else if (route.dials.count > before.dials.count) failing.delete(route.route);
}

function stateOf(route) {
  if (!route.configured) return "removed";
  if (route.draining) return "draining";
  return failing.has(route.route) ? "backend fails" : "open";
}

function showRouteHealth(now, seconds) {
  const before = new Map(last?.routes.map((route) => [route.route, route]));
  showRoutes(now.routes.map((route) => {
    noteFailures(route, before.get(route.route));
    return { ...route, state: stateOf(route), rates: rates(route, before.get(route.route), seconds) };
  }));
  const names = ["", ...now.routes.map((route) => route.route)];
  const choice = at("route");
  if (names.join("\n") === [...choice.options].map((option) => option.value).join("\n")) return;
  const chosen = choice.value;
  choice.replaceChildren(...names.map((name) => new Option(name || "any", name)));
  choice.value = names.includes(chosen) ? chosen : "";
}

function showReasons(now, seconds) {
  const { refused, would_refuse: told } = now.total;
  const places = [{ route: "before a route", ...now.unrouted }, ...now.routes];
  const reasons = [...new Set([...Object.keys(refused), ...Object.keys(told)])].map((reason) => ({
    reason,
    count: refused[reason] ?? 0,
    told: told[reason] ?? 0,
    rate: seconds > 0 ? Math.max(0, ((refused[reason] ?? 0) - (last?.total.refused[reason] ?? 0)) / seconds) : null,
    where: places.filter((its) => its.refused[reason] || its.would_refuse[reason]).map((its) => its.route).join(", "),
  }));
  reasons.sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1));
  showRefusals(reasons);
  at("no-refusals").hidden = reasons.length > 0;
  at("refusals-table").hidden = reasons.length === 0;
}

function showSessionPage(page) {
  // The rest of it ended meanwhile.
  if (page.sessions.length === 0 && trail.length > 0) return turnPage(() => trail.pop());
  lastSessions = new Map(page.sessions.map((session) => [session.session, session]));
  showSessions(page.sessions);
  const first = trail.length * pageSize;
  at("range").textContent = page.sessions.length === 0 ? "none" :
    `${decimals(first + 1)} to ${decimals(first + page.sessions.length)} of ${decimals(page.matching)}`;
  at("previous").disabled = trail.length === 0;
  at("next").disabled = !page.next;
  at("next").dataset.after = page.next ?? "";
}

function showDetails(session) {
  at("details-over").hidden = session !== null;
  at("details-end").hidden = session === null;
  if (session === null) return;
  const fields = at("details-fields");
  Object.entries(session).forEach(([name, value], i) => {
    const text = name.endsWith("_bytes") ? `${size(value)} (${value.toLocaleString("en")})` :
      name === "seconds" ? time(value) : value === "" ? "–" : String(value);
    // Every session has the same ones. What is as it was is not touched: somebody may have selected it.
    const term = fields.children[2 * i] ?? fields.appendChild(document.createElement("dt"));
    const details = fields.children[2 * i + 1] ?? fields.appendChild(document.createElement("dd"));
    term.textContent = name.replace("_", " ");
    if (details.textContent !== text) details.textContent = text;
  });
}

function say(message) {
  at("said").textContent = message;
  at("said").hidden = message === "";
}

function showTrouble(message) {
  if (at("trouble").textContent !== message) at("trouble").textContent = message;
  at("trouble").hidden = message === "";
  at("live").classList.toggle("stale", message !== "");
}

// --- Looking

function sessionsPath() {
  const choices = { route: at("route").value, client: at("client").value.trim(), identity: at("identity").value.trim(), after: trail.at(-1) };
  const chosen = Object.entries(choices).filter(([, value]) => value);
  return ["sessions?limit=" + pageSize, ...chosen.map(([name, value]) => `${name}=${encodeURIComponent(value)}`)].join("&");
}

const detailsOf = (id) => ask(`sessions/${encodeURIComponent(id)}`).catch((error) => {
  if (error.status === 404) return null;
  throw error;
});

async function lookOnce() {
  const [shownDetails, shownToken] = [details, token];
  const [now, page, session] = await Promise.all([ask("overview"), ask(sessionsPath()), shownDetails ? detailsOf(shownDetails) : null]);
  if (token !== shownToken) return; // it was forgotten meanwhile
  sessionStorage.setItem("token", token);
  at("ask").hidden = true;
  at("live").hidden = at("forget").hidden = false;
  if (last && now.uptime < last.uptime) { // another daemon, which counts anew
    last = null;
    failing.clear();
  }
  const seconds = last ? now.uptime - last.uptime : 0;
  showState(now);
  showTraffic(now, seconds);
  showRouteHealth(now, seconds);
  showReasons(now, seconds);
  showSessionPage(page);
  if (shownDetails && shownDetails === details) showDetails(session);
  last = now;
}

function askForToken(message) {
  token = "";
  last = null;
  samples = [];
  sessionStorage.removeItem("token");
  for (const dialog of document.querySelectorAll("dialog")) dialog.close();
  at("live").hidden = at("forget").hidden = true;
  at("ask").hidden = false;
  at("state").textContent = "not connected";
  at("state").className = "state";
  at("facts").textContent = "";
  showTrouble(message);
  at("token").focus();
}

async function look() {
  clearTimeout(timer);
  if (looking) return void (wanted = true);
  looking = true;
  let pause = interval;
  try {
    await lookOnce();
    failures = 0;
    showTrouble("");
  } catch (error) {
    if (error.status === 401) {
      askForToken("That is not the token.");
    } else {
      pause = Math.min(interval * 2 ** failures++, longestInterval);
      const what = error instanceof Refused ? error.message : "the daemon does not answer";
      at("state").textContent = "out of reach";
      at("state").className = "state bad";
      showTrouble(`What you see is old: ${what}. Trying again every ${pause / 1000} s.`);
    }
  }
  looking = false;
  if (token === "" || document.hidden) return;
  timer = setTimeout(look, wanted ? 0 : pause);
  wanted = false;
}

// --- What a person does

function turnPage(turn) {
  turn();
  look();
}

function openDetails(id) {
  details = id;
  at("details-title").textContent = `Session ${id}`;
  showDetails(lastSessions.get(id) ?? null);
  at("details").showModal();
}

function openConfirm(id) {
  const its = lastSessions.get(id);
  at("confirm-end").dataset.session = id;
  at("confirm-text").textContent = `${id}${its ? `, of ${its.identity || its.client} on route ${its.route}` : ""}: its client hears 1008 “killed”.`;
  at("confirm").showModal();
}

async function end(id) {
  at("confirm").close();
  try {
    await ask(`sessions/${encodeURIComponent(id)}`, "DELETE");
    say(`Session ${id} was ended.`);
  } catch (error) {
    say(`Session ${id} was not ended: ${error instanceof Refused ? error.message : "the daemon does not answer"}.`);
  }
  look();
}

at("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = at("token").value.trim();
  at("token").value = "";
  // What a field can carry (RFC 6750 §2.1).
  if (!/^[-.~+/=\w]+$/.test(text)) return askForToken("That is not the token.");
  token = text;
  showTrouble("");
  look();
});
at("forget").addEventListener("click", () => askForToken(""));
at("filter").addEventListener("submit", (event) => event.preventDefault());
at("filter").addEventListener("input", () => turnPage(() => (trail = [])));
at("previous").addEventListener("click", () => turnPage(() => trail.pop()));
at("next").addEventListener("click", () => turnPage(() => trail.push(at("next").dataset.after)));
at("sessions").addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (button) (button.className === "danger" ? openConfirm : openDetails)(button.closest("tr").dataset.key);
});
at("details").addEventListener("close", () => (details = ""));
at("details-close").addEventListener("click", () => at("details").close());
at("details-end").addEventListener("click", () => openConfirm(details));
at("confirm-cancel").addEventListener("click", () => at("confirm").close());
at("confirm-end").addEventListener("click", () => end(at("confirm-end").dataset.session));
document.addEventListener("visibilitychange", () => {
  clearTimeout(timer);
  if (!document.hidden && token) look();
});

if (token) look();
else askForToken("");
