import { say, stayConnected } from "/shared/connection.js";
import { lines, message, parse, pieces } from "./irc.js";

const KEPT = 500; // lines of the log

const find = (selector) => document.querySelector(selector);
const names = new Set(); // who is in the channel
const arriving = new Set(); // of the list that the server is sending
let nick;
let channel;
let send; // while there is a connection
let end;

find("#join").addEventListener("submit", (event) => {
  event.preventDefault();
  nick = find("#nick").value;
  channel = find("#channel").value;
  find("#title").textContent = channel;
  show(true);
  end = stayConnected("/irc", talk);
  find("#text").focus();
});

find("#leave").addEventListener("click", async () => {
  send("QUIT", "left");
  await end().catch(() => {}); // however it ended, it is over
  say("not connected");
  show(false);
  find("#nick").focus();
});

find("#talk").addEventListener("submit", (event) => {
  event.preventDefault();
  for (const piece of pieces(find("#text").value)) {
    send("PRIVMSG", channel, piece);
    log(piece, nick, "mine"); // the server sends one's own messages to the others only
  }
  find("#text").value = "";
});

async function talk({ readable, writable }) {
  const writer = writable.getWriter();
  send = (...words) => writer.write(message(...words)).catch(() => {}); // the end is shown in any case
  send("NICK", nick);
  send("USER", "web", "0", "*", "A web page");
  try {
    for await (const line of lines(readable)) receive(parse(line));
  } finally {
    find("#talk button").disabled = true;
    names.clear();
    showNames();
  }
}

function receive({ from, command, params }) {
  const here = params[0]?.toLowerCase() === channel.toLowerCase();
  switch (command) {
    case "PING":
      send("PONG", params[0]);
      break;
    case "001": // welcome, and the nick that one got
      nick = params[0];
      send("JOIN", channel);
      break;
    case "433": // in use
      nick += "_";
      send("NICK", nick);
      break;
    case "353": // a part of the names, with @ and + before those who have a say
      for (const name of params.at(-1).split(" ").filter(Boolean)) arriving.add(name.replace(/^[~&@%+]+/, ""));
      break;
    case "366": // all names are there
      names.clear();
      for (const name of arriving) names.add(name);
      arriving.clear();
      say("connected", "good");
      find("#talk button").disabled = false;
      break;
    case "332":
      log(`The topic is ${params.at(-1)}`);
      break;
    case "JOIN":
      if (from !== nick) log(`${from} has come`);
      names.add(from);
      break;
    case "PART":
    case "QUIT":
      if (names.delete(from)) log(`${from} has gone`);
      break;
    case "KICK":
      log(`${params[1]} was thrown out by ${from}`);
      names.delete(params[1]);
      break;
    case "NICK":
      log(`${from} is now ${params[0]}`);
      names.delete(from);
      names.add(params[0]);
      if (from === nick) nick = params[0];
      break;
    case "PRIVMSG":
    case "NOTICE":
      if (here) log(params[1], from);
      break;
    case "ERROR":
      log(params.at(-1));
      break;
    default:
      if (/^[45]\d\d$/.test(command) && command !== "422") log(params.slice(1).join(" ")); // 422: no message of the day
  }
  showNames();
}

function show(inside) {
  find("#join").hidden = inside;
  find("#chat").hidden = find("#leave").hidden = !inside;
}

function showNames() {
  const sorted = [...names].sort((a, b) => a.localeCompare(b));
  if (sorted.join(" ") === [...find("#names").children].map((each) => each.textContent).join(" ")) return;
  find("#names").replaceChildren(...sorted.map((name) => Object.assign(document.createElement("li"), { textContent: name })));
}

function log(text, from, kind = "") {
  const area = find("#log");
  const atEnd = area.scrollTop + area.clientHeight >= area.scrollHeight - 20;
  const line = document.createElement("p");
  const time = document.createElement("time");
  time.textContent = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  line.append(time, " ");
  if (from === undefined) {
    line.className = "muted";
  } else {
    line.className = kind;
    line.append(Object.assign(document.createElement("b"), { textContent: from }), " ");
  }
  line.append(text);
  area.append(line);
  if (area.childElementCount > KEPT) area.firstChild.remove();
  if (atEnd) area.scrollTop = area.scrollHeight;
}
