// The demo: four TCP services, each with a link of its own and a panel that shows it. Whatever comes from a service
// becomes text, never markup: strangers choose what it is.

import { Arena } from "./arena.js";
import { Chat } from "./chat.js";
import { Dashboard } from "./dashboard.js";
import { Link } from "./link.js";
import { Strip } from "./strip.js";
import { Terminal } from "./terminal.js";

const at = (id) => document.getElementById(id);
const links = ["chat", "ticker", "arena", "shell"].map((name) => new Link(name));
const [chat, ticker, arena, shell] = links;

const pick = (words) => words[Math.floor(Math.random() * words.length)];
let name = sessionStorage.getItem("name") ??
  `${pick(["brisk", "calm", "keen", "merry", "quick", "wry"])}-${pick(["crane", "finch", "heron", "otter", "robin", "wren"])}`;

const panels = [new Chat(at("chat"), chat, name), new Arena(at("arena"), arena, name)];
new Dashboard(at("ticker"), ticker);
new Terminal(at("shell"), shell);
new Strip(at("strip"), links);

// Browsers keep a page that was left for the way back, with its connections open: to everybody else it would still be there.
addEventListener("pagehide", () => links.forEach((link) => link.close()));
addEventListener("pageshow", ({ persisted }) => persisted && links.forEach((link) => link.connect()));

function showName() {
  sessionStorage.setItem("name", name);
  at("name").value = name;
}
at("who").addEventListener("submit", (event) => {
  event.preventDefault();
  name = at("name").value.trim();
  showName();
  for (const panel of panels) panel.rename(name);
});
showName();
