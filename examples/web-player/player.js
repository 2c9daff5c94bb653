// A player for the synthetic stream, with Parlor's overlay on it. What a real page needs is one
// element and one call: `overlay.attachPlayer(player)`.

import "/parlor-overlay.js";
import { clock, drawPicture, fit } from "./picture.js";

const DVR_MS = 120_000;
const LOG_ROWS = 8;

const settings = new URLSearchParams(location.hash.slice(1));
const byId = (id) => document.getElementById(id);

/** A live stream that is `behindMs` behind what happens, and can be paused and seeked. */
const player = {
  behindMs: 8_000,
  pausedAtMs: null,
  seeks: 0,
  position: () => Math.max(player.pausedAtMs ?? Date.now() - player.behindMs, Date.now() - DVR_MS),
  playhead: () => ({ positionMs: player.position(), playing: player.pausedAtMs === null, rate: 1, seeks: player.seeks }),
  seek(positionMs) {
    player.seeks += 1;
    const now = Date.now();
    const target = Math.min(Math.max(positionMs, now - DVR_MS), now - latencyMs());
    if (player.pausedAtMs === null) player.behindMs = now - target;
    else player.pausedAtMs = target;
  },
  toggle() {
    if (player.pausedAtMs === null) {
      player.pausedAtMs = player.position();
    } else {
      player.behindMs = Date.now() - player.position();
      player.pausedAtMs = null;
    }
  },
};

const latencyMs = () => Number(byId("latency").value) * 1000;

function connect() {
  const room = settings.get("room");
  byId("no-room").hidden = Boolean(room);
  if (!room) return;

  const overlay = document.querySelector("parlor-overlay");
  overlay.attachPlayer(player);
  follow(overlay, "player", byId("viewer-state"), () => player.position());
  for (const name of ["server", "token", "room"]) {
    if (settings.has(name)) overlay.setAttribute(name, settings.get(name));
  }

  const frame = document.querySelector("iframe");
  frame.addEventListener("load", () => {
    const source = frame.contentDocument.querySelector("parlor-overlay");
    follow(source, "OBS", byId("program-state"), () => Date.now());
  });
  // Points are a viewer's own, and nobody's on air.
  settings.set("widgets", overlay.getAttribute("widgets").replace(" points", ""));
  frame.src = `/overlay/#${settings}`;
}

function follow(overlay, where, pill, picture) {
  overlay.addEventListener("parlor-connection", ({ detail }) => {
    pill.dataset.state = detail.state;
    pill.textContent = detail.reason ? `${detail.state}: ${detail.reason.replaceAll("-", " ")}` : detail.state;
  });
  overlay.addEventListener("parlor-event", ({ detail }) => {
    if (detail.contribution || detail.train || detail.redemption) log(where, detail, picture());
  });
}

function log(where, event, pictureMs) {
  const apart = Math.round(pictureMs - event.occurredAt);
  const texts = [where, describe(event), clock(event.occurredAt, 3), clock(pictureMs, 3), `${apart} ms`];
  const row = document.createElement("tr");
  row.append(...texts.map((text) => Object.assign(document.createElement("td"), { textContent: text })));

  const rows = byId("log");
  rows.querySelector(".empty")?.remove();
  rows.prepend(row);
  while (rows.children.length > LOG_ROWS) rows.lastChild.remove();
}

function describe({ type, contribution, redemption, train }) {
  if (redemption) return `${redemption.name} redeemed ${redemption.title}`;
  if (contribution) return `${contribution.name ?? "Anonymous"} gave ${contribution.hype} hype`;
  const words = type.replace("HypeTrain", "").replace(/(?<=[a-z])(?=[A-Z])/g, " ").toLowerCase();
  return `train ${words}: level ${train.level}, ${train.progress} of ${train.goal}`;
}

function control() {
  byId("play").addEventListener("click", () => player.toggle());
  byId("back").addEventListener("click", () => player.seek(player.position() - 30_000));
  byId("live").addEventListener("click", () => {
    if (player.pausedAtMs !== null) player.toggle();
    player.seek(Date.now());
  });
  byId("latency").addEventListener("input", () => player.seek(Date.now()));
  byId("scrubber").addEventListener("input", (event) => player.seek(Date.now() + event.target.value * 1000));
  addEventListener("keydown", (event) => {
    if (event.key === " " && event.target === document.body) {
      event.preventDefault();
      player.toggle();
    }
  });
  addEventListener("hashchange", () => location.reload());
}

const write = (element, key, value) => {
  if (element[key] !== value) element[key] = value;
};

function draw() {
  const [viewer, program] = document.querySelectorAll("canvas");
  fit(viewer);
  fit(program);
  drawPicture(viewer, player.position());
  drawPicture(program, Date.now());

  const behindMs = Date.now() - player.position();
  const paused = player.pausedAtMs !== null;
  write(byId("play"), "textContent", paused ? "Play" : "Pause");
  write(byId("behind"), "value", `${(behindMs / 1000).toFixed(1)} s behind`);
  write(byId("live"), "disabled", !paused && behindMs < latencyMs() + 200);
  write(byId("latency-value"), "textContent", `${byId("latency").value} s`);
  if (document.activeElement !== byId("scrubber") || !paused) {
    write(byId("scrubber"), "value", String(Math.round(behindMs / -100) / 10));
  }
  requestAnimationFrame(draw);
}

control();
connect();
draw();
