// What viewers have redeemed, as a moderator sees to it: the queue of `liveStaff` and two buttons, by the wire alone
// (docs/protocol.md), without any package.

const settings = new URLSearchParams(location.hash.slice(1));
const server = new URL(settings.get("server") ?? location.origin);
const room = settings.get("room");
const token = settings.get("token");
const byId = (id) => document.getElementById(id);

/** What has been seen to stays in view for as long as somebody may want to look at it again. */
const DONE_MAX = 10;
/** How often the server is asked whether it is there, and after how long without a word it is given up. */
const PING_EVERY_MS = 10_000;
const SILENCE_MAX_MS = 25_000;

/** What of a subscription does not get better by asking again. */
const FINAL = ["VALIDATION", "NOT_FOUND", "UNAUTHENTICATED", "FORBIDDEN"];

/** Until the next try, after so many that failed. */
const waitMs = (failures) => Math.random() * Math.min(15_000, 500 * 2 ** failures);

const QUEUE = `subscription Queue($roomId: ID!, $after: LogPosition) {
  liveStaff(roomId: $roomId, queueAfter: $after) {
    epoch
    queue { throughSeq openCount snapshot { ...All } redemptions { ...All } }
  }
}
fragment All on Redemption { id participantId title cost input status redeemedAt settledAt refunded }`;

/** What may be said of a redemption that somebody else has seen to first. */
const REFUSALS = {
  ALREADY_FULFILLED: "Somebody has fulfilled it already.",
  ALREADY_CANCELED: "Somebody has given the points back already.",
  ALREADY_EXPIRED: "It has expired: the viewer has the points back.",
  ON_ONESELF: "Somebody else has to see to what you have redeemed yourself.",
};

/** All that is known, by id, in the order it was redeemed. */
let redemptions = new Map();
let openCount = 0;
/** How far the queue was told, to go on from there. */
let position = null;
const names = new Map();

function follow(failures = 0) {
  const address = new URL("/graphql/ws", server);
  address.protocol = address.protocol.replace("http", "ws");
  const socket = new WebSocket(address, "graphql-transport-ws");
  const send = (message) => socket.send(JSON.stringify(message));
  let final = null;
  let heardAt = Date.now();

  const end = (code, reason) => {
    if (!pinging) return;
    clearInterval(pinging);
    pinging = null;
    socket.close();
    // What the server says of who asks, or of the room, is as true the next time.
    if (final ?? (code === 4403 ? reason : null)) return say("refused", final ?? reason);
    say("connecting");
    setTimeout(follow, waitMs(failures), failures + 1);
  };
  // A network that goes away closes nothing.
  let pinging = setInterval(() => {
    if (Date.now() - heardAt > SILENCE_MAX_MS) end();
    else if (socket.readyState === WebSocket.OPEN) send({ type: "ping" });
  }, PING_EVERY_MS);

  socket.addEventListener("open", () => send({ type: "connection_init", payload: { Authorization: `Bearer ${token}` } }));
  socket.addEventListener("message", ({ data }) => {
    const { type, payload } = JSON.parse(data);
    heardAt = Date.now();
    if (type === "ping") send({ type: "pong" });
    if (type === "connection_ack") {
      send({ id: "1", type: "subscribe", payload: { query: QUEUE, variables: { roomId: room, after: position } } });
    }
    if (type === "next") {
      failures = 0;
      say("live");
      takeIn(payload.data.liveStaff);
    }
    if (type === "error") {
      if (FINAL.includes(payload[0].extensions.code)) final = payload[0].message;
      end();
    }
  });
  socket.addEventListener("close", ({ code, reason }) => end(code, reason));
}

function takeIn({ epoch, queue }) {
  position = { epoch, seq: queue.throughSeq };
  openCount = Number(queue.openCount);
  if (queue.snapshot) redemptions = new Map();
  for (const one of [...(queue.snapshot ?? []), ...queue.redemptions]) redemptions.set(one.id, one);
  draw();
}

/** Sees to a redemption. What came of it is told by the queue, as to everybody else. */
async function settle(mutation, { id }) {
  const { result } = await ask(
    `mutation ($input: SettleRedemptionInput!) { result: ${mutation}(input: $input) { __typename ... on Error { code message } } }`,
    { input: { roomId: room, redemptionId: id } },
  );
  if (result.code) trouble(REFUSALS[result.code] ?? result.message);
}

async function ask(query, variables) {
  const asked = fetch(new URL("/graphql", server), {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
  });
  const response = await asked.catch(() => Promise.reject(new Error("The server cannot be reached.")));
  const { data, errors } = await response.json();
  if (errors) throw new Error(errors[0].message);
  return data;
}

/** Looks a name up once, and draws again when it is there. */
function nameOf(participantId) {
  if (!names.has(participantId)) {
    names.set(participantId, "…");
    ask("query ($id: ID!) { participant(id: $id) { name } }", { id: participantId }).then(
      ({ participant }) => {
        names.set(participantId, participant?.name ?? "somebody");
        draw();
      },
      () => names.delete(participantId),
    );
  }
  return names.get(participantId);
}

function draw() {
  const isOpen = ({ status }) => status === "UNFULFILLED";
  const all = [...redemptions.values()];
  const open = all.filter(isOpen).sort((one, other) => Date.parse(one.redeemedAt) - Date.parse(other.redeemedAt));
  const done = all.filter(({ settledAt }) => settledAt).sort((one, other) => Date.parse(other.settledAt) - Date.parse(one.settledAt));
  for (const { id } of done.splice(DONE_MAX)) redemptions.delete(id);

  byId("count").textContent = openCount === 1 ? "1 waits" : `${openCount.toLocaleString("en")} wait`;
  document.title = openCount ? `(${openCount}) Redemptions` : "Redemptions";
  byId("more").hidden = openCount <= open.length;
  byId("more").textContent = `${openCount - open.length} more wait behind these.`;
  fill("open", open, (one) => [
    button("Fulfill", "primary", () => settle("fulfillRedemption", one)),
    button("Give points back", "", () => settle("cancelRedemption", one)),
  ]);
  fill("done", done, ({ status, refunded }) => [element("small", outcome(status, Number(refunded)))]);
}

const outcome = (status, refunded) =>
  ({ FULFILLED: refunded ? `fulfilled, ${refunded} points given back` : "fulfilled", CANCELED: "points given back", EXPIRED: "expired", NOT_DRAWN: "not drawn" })[status] ?? status.toLowerCase();

/** Those that stay keep their elements, so that no focus is lost. */
function fill(id, list, beside) {
  const known = new Map([...byId(id).children].map((row) => [row.dataset.id, row]));
  byId(id).replaceChildren(
    ...list.map((one) => {
      const name = nameOf(one.participantId);
      const shown = JSON.stringify([one, name]);
      const row = known.get(one.id) ?? element("li", "");
      if (row.dataset.shown === shown) return row;
      Object.assign(row.dataset, { id: one.id, shown });
      const what = element("div", "", "what");
      what.append(line(element("span", one.title, "title")), line(element("bdi", name), ` · ${Number(one.cost).toLocaleString("en")} points`));
      if (one.input !== null) what.append(Object.assign(element("p", one.input, "said"), { dir: "auto" }));
      const actions = element("div", "", "beside");
      actions.append(...beside(one));
      row.replaceChildren(what, actions);
      return row;
    }),
  );
}

function line(...parts) {
  const made = element("div", "");
  made.dir = "auto";
  made.append(...parts);
  return made;
}

function button(text, className, operation) {
  const made = element("button", text, className);
  made.type = "button";
  made.addEventListener("click", async () => {
    made.disabled = true;
    trouble(null);
    await operation().catch((error) => trouble(error.message));
    made.disabled = false;
  });
  return made;
}

function trouble(text) {
  byId("trouble").hidden = text === null;
  byId("trouble").textContent = text ?? "";
}

function say(state, reason = null) {
  byId("connection").dataset.state = state;
  byId("connection").textContent = state;
  if (reason) trouble(`${reason[0].toUpperCase()}${reason.slice(1)}.`);
}

/** Text, never markup: titles and names come from people. */
function element(kind, text, className = "") {
  return Object.assign(document.createElement(kind), { textContent: text, className });
}

addEventListener("hashchange", () => location.reload());
byId("no-room").hidden = Boolean(room && token);
document.querySelector("main").hidden = !(room && token);
if (room && token) follow();
else byId("connection").hidden = true;
