// One socket for all clients on a page that would introduce themselves to one server in the same way.
//
// Each client is given what behaves like a socket of its own. What it says goes out on the trunk that it
// shares, with its operations under names of their own; what comes in goes to whom it is for, and what is
// for nobody alone, such as the clock's, to all. Two copies of this file on one page, as the overlay's and
// the client's, share as well.

import { caught, harden } from "./caught.js";

/**
 * The server takes 32 operations on a socket, and a client has up to three: its room, more of its log for a moment, and
 * the viewer's wallet.
 */
const MEMBERS_MAX = 10;

/**
 * Where the trunks of a page are. The number counts changes of what is put there and of what members are told, of
 * which the other copy may be older or newer.
 */
const REGISTRY = Symbol.for("parlor.sockets.2");

/** An operation of a member, as the server repeats it. Before it stands nothing but plain fields. */
const FOR_MEMBER = /^(\{[^{}[\]]*?"id":")(\d+)\.(\d+")/;

/** What the server says last of an operation. */
const IS_LAST = /^\{[^{}[\]]*?"type":"(?:complete|error)"/;

/** What a client says of an operation. */
const OF_OPERATION = /^(\{"type":"(subscribe|complete)","id":")(\d+)/;

/** What is told of, as `sdk-wasm/src/page.rs` numbers it. Other numbers need another `REGISTRY`. */
const OPENED = 2;
const RECEIVED = 3;
const CLOSED = 4;

/** The code that a member is told who cannot share the socket: as of one that was cut off. */
const DISMISSED = 1006;

/**
 * Opens what behaves like a socket with `send` and `close`, or nothing if there is no such address or the page's
 * policy forbids it. It calls `tell` with what happened, and the text or the code that came with it: never before
 * this has returned, and never after it was closed.
 */
export function openSocket(url, protocol, token, tell) {
  try {
    return trunkTo(url, protocol, token).join(tell);
  } catch {
    return undefined;
  }
}

function trunkTo(url, protocol, token) {
  const trunks = (globalThis[REGISTRY] ??= new Map());
  const key = JSON.stringify([url, protocol, token ?? null]);
  let trunk = trunks.get(key);
  if (!trunk?.hasRoom) {
    trunk = new Trunk(new WebSocket(url, protocol), token, () => trunks.get(key) === trunk && trunks.delete(key));
    trunks.set(key, trunk);
  }
  return trunk;
}

class Trunk {
  #socket;
  /** The token of those who join. */
  #token;
  /** Has nobody join any more. */
  #retire;
  #members = new Map();
  #joinedCount = 0;
  #isOpen = false;
  /** What was said to the server of who speaks. */
  #introduction = null;
  #acknowledgement = null;

  constructor(socket, token, retire) {
    this.#socket = socket;
    this.#token = token;
    this.#retire = retire;
    socket.addEventListener("open", () => {
      this.#isOpen = true;
      this.#tellAll(OPENED);
    });
    socket.addEventListener("message", ({ data }) => typeof data === "string" && this.#hear(data));
    socket.addEventListener("close", ({ code }) => {
      this.#isOpen = false;
      this.#retire();
      this.#tellAll(CLOSED, code);
      this.#members.clear();
    });
  }

  get hasRoom() {
    return this.#members.size < MEMBERS_MAX;
  }

  join(tell) {
    this.#joinedCount += 1;
    const member = new Member(this, this.#joinedCount, tell);
    this.#members.set(member.number, member);
    // Not now: nobody listens to it yet.
    if (this.#isOpen) queueMicrotask(() => this.#tell(member, OPENED));
    return member;
  }

  /**
   * Lets `member` go. One that gives a code has had enough of this socket rather than of the server, and
   * must not be given the same one again.
   */
  leave(member, code) {
    if (!this.#members.delete(member.number)) return;
    for (const id of member.running) this.#send(`{"type":"complete","id":"${member.number}.${id}"}`);
    if (code !== undefined || this.#members.size === 0) this.#retire();
    if (this.#members.size === 0) this.#socket.close(code ?? 1000);
  }

  say(member, text) {
    if (!this.#members.has(member.number)) return;
    const operation = OF_OPERATION.exec(text);
    if (operation) {
      const [head, before, what, id] = operation;
      if (what === "subscribe") member.running.add(id);
      else member.running.delete(id);
      this.#send(`${before}${member.number}.${id}${text.slice(head.length)}`);
      return;
    }
    const { type, payload } = JSON.parse(text);
    if (type === "connection_init") this.#introduce(member, text, payload);
    else if (type !== "pong") this.#send(text);
  }

  /** A member may have been given another token since it joined, and nobody is to speak as somebody else. */
  #introduce(member, text, payload) {
    if (this.#introduction === null) {
      this.#introduction = text;
      if (payload?.Authorization !== (typeof this.#token === "string" ? `Bearer ${this.#token}` : undefined)) this.#retire();
      this.#send(text);
    } else if (text !== this.#introduction) {
      queueMicrotask(() => this.#dismiss(member));
    } else if (this.#acknowledgement) {
      queueMicrotask(() => this.#tell(member, RECEIVED, this.#acknowledgement));
    }
  }

  /** Has a member come back, to a socket of its own token. */
  #dismiss(member) {
    if (!this.#members.has(member.number)) return;
    this.leave(member);
    member.tell(CLOSED, DISMISSED);
  }

  #hear(text) {
    const own = FOR_MEMBER.exec(text);
    if (own) {
      const [head, before, number, id] = own;
      const member = this.#members.get(Number(number));
      if (IS_LAST.test(text)) member?.running.delete(id.slice(0, -1));
      this.#tell(member, RECEIVED, before + id + text.slice(head.length));
      return;
    }
    const { type, payload } = JSON.parse(text);
    if (type === "connection_ack") this.#acknowledgement = text;
    // One answer is enough, and the members' own are kept back.
    if (type === "ping") this.#send(JSON.stringify({ type: "pong", payload }));
    this.#tellAll(RECEIVED, text);
  }

  #send(text) {
    if (this.#isOpen) this.#socket.send(text);
  }

  #tellAll(kind, value) {
    for (const member of [...this.#members.values()]) this.#tell(member, kind, value);
  }

  /** A member may leave, or others may, while one is told. */
  #tell(member, kind, value) {
    if (member && this.#members.get(member.number) === member) member.tell(kind, value);
  }
}

class Member {
  /** The operations that it has under way. */
  running = new Set();
  #trunk;

  constructor(trunk, number, tell) {
    this.#trunk = trunk;
    this.number = number;
    // What one throws is not to keep the others from hearing.
    this.tell = caught(tell);
  }

  send(text) {
    this.#trunk.say(this, text);
  }

  close(code) {
    this.#trunk.leave(this, code);
  }
}

harden(Member);
