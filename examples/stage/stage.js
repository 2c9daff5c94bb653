// A room's stage, as a web developer would build it with Parlor's npm package: whoever watches asks
// for the stage, whoever may invite answers. On a page of your own, import "parlor-sdk".

import { connect } from "/sdk/index.js";

const settings = new URLSearchParams(location.hash.slice(1));
const byId = (id) => document.getElementById(id);

/** What the rules' answers mean to the person who clicked. Any other is shown as it came. */
const REFUSALS = {
  STAGE_FULL: "The stage is full. Somebody has to leave it first.",
  QUEUE_FULL: "Too many people are asking. Try again in a while.",
  STALE_VERSION: "That has just changed. Look again, then try again.",
  PARTICIPANT_REMOVED: "You were put out of this room.",
  ROOM_FULL: "The room is full.",
};

let client;

async function start() {
  const room = settings.get("room");
  byId("no-room").hidden = Boolean(room);
  if (!room) return;

  client = await connect({
    server: settings.get("server") ?? location.origin,
    room,
    // A real page asks its own backend, which knows who is signed in:
    // token: async () => (await fetch("/parlor-token", { method: "POST" })).text(),
    token: settings.get("token") ?? undefined,
  });
  client.addEventListener("change", draw);
  client.addEventListener("connection", drawConnection);
  byId("join").addEventListener("submit", (event) => {
    event.preventDefault();
    act(() => client.join({ name: byId("name").value }));
  });
  document.querySelector("main").hidden = false;
  draw();
}

/** Does one thing, and says why if it was refused. What came of it shows when the room tells. */
async function act(operation) {
  const trouble = byId("trouble");
  try {
    const outcome = await operation();
    trouble.hidden = outcome.ok;
    if (!outcome.ok) trouble.textContent = REFUSALS[outcome.refusal.code] ?? outcome.refusal.message;
  } catch (error) {
    trouble.hidden = false;
    trouble.textContent = error.code === "NETWORK" ? "The server cannot be reached." : error.message;
  }
}

function draw() {
  const { profile, stage, participants, onlineCount, me } = client;
  const waiting = [...stage.invited, ...stage.queue];
  const onStage = stage.host ? [stage.host, ...stage.speakers] : stage.speakers;

  byId("title").textContent = profile?.title ?? "The stage";
  byId("online").hidden = onlineCount === null;
  byId("online").textContent = onlineCount === 1 ? "1 here" : `${onlineCount?.toLocaleString("en")} here`;
  byId("stage-title").textContent = stage.isLive ? "On stage" : "Backstage";
  fill("stage", onStage, stageActions);
  fill("queue", waiting, queueActions);
  fill("audience", participants.filter((person) => person.stageRole === "AUDIENCE"), audienceActions);
  drawMine(me?.membership === "JOINED" ? me : null, stage);
}

function drawMine(me, stage) {
  byId("join").hidden = me !== null || !settings.get("token");
  const place = stage.queue.findIndex((person) => person.id === me?.id) + 1;
  const [standing, actions] = {
    AUDIENCE: [
      "You are in the audience.",
      // Whoever may invite need not ask.
      may("STAGE_INVITE")
        ? [primary("Take the stage", () => client.joinStage())]
        : [primary("Ask for the stage", () => client.requestStage())],
    ],
    REQUESTED: [
      place > 0 ? `You are asking for the stage, number ${place} in the queue.` : "You are asking for the stage.",
      [button("Take it back", () => client.withdraw())],
    ],
    INVITED: [
      "You are invited to the stage.",
      [primary("Take the stage", () => client.joinStage()), button("No, thanks", () => client.decline())],
    ],
    SPEAKER: ["You are on the stage.", [button("Leave the stage", () => client.leaveStage())]],
    HOST: ["You are the host.", [button("Leave the stage", () => client.leaveStage())]],
  }[me?.stageRole] ?? [settings.get("token") ? "You are watching." : "You are watching. Sign in to take part.", []];

  byId("standing").textContent = standing;
  byId("mine").dataset.place = me?.stageRole ?? "";
  byId("actions").replaceChildren(...actions);
}

const may = (capability) => client.capabilities.includes(capability);

const queueActions = (person) => [
  person.stageRole === "INVITED" && tag("invited"),
  person.stageRole === "REQUESTED" && may("STAGE_INVITE") && primary("Invite", () => client.invite(person)),
  person.id !== client.me?.id && may("STAGE_INVITE") && button("Decline", () => client.decline(person)),
];

const stageActions = (person) => [
  person.stageRole === "HOST" && tag("host"),
  person.stageRole === "SPEAKER" && may("STAGE_HOST") && button("Make host", () => client.handOverHost(person)),
  person.id !== client.me?.id && may("STAGE_MODERATE") && button("To audience", () => client.moveToAudience(person)),
];

const audienceActions = (person) => [
  person.id !== client.me?.id && may("STAGE_INVITE") && button("Invite", () => client.invite(person)),
];

/** Shows people in a list, those who stay keeping their elements, so that no focus is lost. */
function fill(id, people, actions) {
  const list = byId(id);
  const known = new Map([...list.children].map((row) => [row.dataset.id, row]));
  list.replaceChildren(
    ...people.map((person) => {
      const row = known.get(person.id) ?? element("li", "");
      const shown = JSON.stringify([person, client.me?.id, client.capabilities]);
      if (row.dataset.shown === shown) return row;
      Object.assign(row.dataset, { id: person.id, shown, online: person.isOnline });
      const name = element("span", person.name, "name");
      name.dir = "auto";
      const isMe = person.id === client.me?.id;
      const beside = element("span", "", "beside");
      beside.append(...[isMe && element("small", "you"), ...actions(person)].filter(Boolean));
      row.replaceChildren(name, beside);
      return row;
    }),
  );
}

function drawConnection() {
  const { state, reason } = client.connection;
  byId("connection").dataset.state = state;
  byId("connection").textContent = (reason ?? state).replaceAll("-", " ");
}

const tag = (text) => element("span", text, "tag");
const primary = (text, operation) => button(text, operation, "primary");

function button(text, operation, className = "") {
  const made = element("button", text, className);
  made.type = "button";
  made.addEventListener("click", async () => {
    made.disabled = true;
    await act(operation);
    made.disabled = false;
  });
  return made;
}

/** Text, never markup: names come from people. */
function element(kind, text, className = "") {
  return Object.assign(document.createElement(kind), { textContent: text, className });
}

addEventListener("hashchange", () => location.reload());
start();
