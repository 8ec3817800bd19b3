import { backOff, readClose, retryHelps } from "/client/drawbridge.js";
import RFB from "/novnc/core/rfb.js";
import { address, say, sayEnd } from "/shared/connection.js";

const find = (selector) => document.querySelector(selector);
let rfb;
let password; // what was typed, for the connections that follow
let refused = false; // the password
let failures = 0; // in a row
let timer;
connect();

function connect() {
  say("connecting…");
  // noVNC takes a WebSocket that is there. Its own does not tell why it ended.
  const socket = new WebSocket(address("/desk"));
  socket.addEventListener("close", (event) => ended(readClose(event)));
  rfb = new RFB(find("#screen"), socket, { credentials: { password } });
  rfb.scaleViewport = true;
  rfb.background = "transparent";
  rfb.addEventListener("credentialsrequired", () => ask());
  rfb.addEventListener("securityfailure", () => {
    password = undefined;
    refused = true;
  });
  rfb.addEventListener("connect", () => {
    failures = 0;
    refused = false;
    say("connected", "good");
    find("#keys").disabled = false;
    rfb.focus();
  });
}

function ended(close) {
  find("#keys").disabled = true;
  find("#login").hidden = true;
  // A desktop that restarts ends the connection in good order. After a wrong password noVNC may be the one that ends it.
  const again = retryHelps(close) || close.word === "backend_closed" || refused;
  const delay = again ? backOff(failures++) + (close.retryAfter ?? 0) : undefined;
  if (again) timer = setTimeout(connect, delay);
  sayEnd(close, delay);
}

function ask() {
  say(refused ? "that was not the password" : "the desktop wants a password");
  find("#login").hidden = false;
  find("#password").value = "";
  find("#password").focus();
}

find("#login").addEventListener("submit", (event) => {
  event.preventDefault();
  find("#login").hidden = true;
  password = find("#password").value;
  rfb.sendCredentials({ password });
});

find("#keys").addEventListener("click", () => {
  rfb.sendCtrlAltDel();
  rfb.focus();
});

// A page that somebody has left may be kept for when they come back, and its connection would stay open.
addEventListener("pagehide", () => {
  clearTimeout(timer);
  rfb.disconnect();
});
addEventListener("pageshow", ({ persisted }) => persisted && connect());
