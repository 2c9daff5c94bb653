// A room as graphql-ws's documentation builds it: a schema, an event emitter, an async iterator for
// every subscriber, and the library's server on top of ws.

import { EventEmitter, on } from "node:events";
import { createServer } from "node:http";

import { buildSchema } from "graphql";
import { useServer } from "graphql-ws/use/ws";
import { WebSocketServer } from "ws";

const schema = buildSchema(`
  type Query { isOpen: Boolean! }
  type Subscription { liveRoom(roomId: ID!): RoomFeed! }
  type RoomFeed { afterSeq: String! throughSeq: String! events: [RoomEvent!]! }
  interface RoomEvent { seq: String! occurredAt: String! displayAt: String! }
  type ContributionReceived implements RoomEvent {
    seq: String! occurredAt: String! displayAt: String! contribution: Contribution!
  }
  type Contribution { id: ID! name: String! amount: String! message: String! }
`);

const room = new EventEmitter();
room.setMaxListeners(0);

async function* liveRoom() {
  for await (const [feed] of on(room, "feed")) yield { liveRoom: feed };
}

let lastSeq = 100_000;

function publish(message) {
  const afterSeq = String(lastSeq);
  const seq = String(++lastSeq);
  const event = {
    __typename: "ContributionReceived",
    seq,
    occurredAt: "2026-01-02T03:04:05.678Z",
    displayAt: "2026-01-02T03:04:05.678Z",
    contribution: {
      id: "Q29udHJpYnV0aW9uOjAxOWI3Y2E5LThjODgtNzlhNi1iNzIyLTdkNjE3YTAyN2EzNQ==",
      name: "Ada",
      amount: "500",
      message,
    },
  };
  room.emit("feed", { afterSeq, throughSeq: seq, events: [event] });
}

const server = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk) => (body += chunk));
  request.on("end", () => {
    publish(JSON.parse(body).message);
    response.setHeader("content-type", "application/json");
    response.end('{"published":true}');
  });
});
useServer({ schema, roots: { subscription: { liveRoom } } }, new WebSocketServer({ server, path: "/graphql/ws" }));
server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
