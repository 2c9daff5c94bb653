// One room: its state and events from the socket, and what people do in it over HTTP.

import { RoomClient } from "./parlor_sdk_wasm.js";
import { AlertQueue, prioritised } from "./alerts.js";
import { Api, ParlorError } from "./api.js";
import { REFUSED, instant, millis } from "./dates.js";
import { readEvent } from "./events.js";
import { OPERATIONS } from "./operations.js";
import { NOT_JOINED, outcome, participant } from "./people.js";
import { retried } from "./retry.js";
import { readRoom } from "./room.js";
import { TokenKeeper } from "./token.js";
import { Watching } from "./watching.js";

/** How often what a client begins with is tried to be had, some eight seconds long, before `connect` gives up. */
const START_TRIES = 5;

export class ParlorClient extends EventTarget {
  #room;
  #server;
  #tokens;
  #api;
  #socket;
  /** What the socket was last given, which an operation may have replaced since. */
  #socketToken;
  #state = null;
  #connection = { state: "connecting", reason: null };
  #me = null;
  #capabilities = [];
  #access = { reading: null, isStale: false, token: undefined };
  /** What the viewer is told to have watched; null if nobody is to be. */
  #watching = null;
  /** What is done with points, and its loading: nothing of it is there until a page asks for some. */
  #points = null;
  #pointsLoading = null;
  #wallet = null;
  #store;
  #changed = false;
  #started = false;
  /** Whether the connection has just come back, so that a state that comes with it is news. */
  #returned = false;
  #renewing = false;
  /** Whether it has been said that what the player says is refused. */
  #isRefusalSaid = false;
  #ended = new AbortController();
  /** What stays to be read once it is closed. */
  #lastPosition = null;
  #lastStats = null;

  /** Use `connect`, which loads the module first. */
  constructor({ server, room, placement, startAt, reportsWatching = true, wallet = false, store, signal }, tokens) {
    super();
    this.#room = room;
    this.#server = server;
    this.#store = store;
    this.#tokens = tokens;
    this.#api = new Api(server, tokens);
    const url = new URL("/graphql/ws", server);
    url.protocol = url.protocol.replace("http", "ws");
    this.#socketToken = tokens.current;
    this.#socket = new RoomClient(url.href, room, this.#socketToken, placement, startAt, (notice) => this.#notice(notice));
    if (reportsWatching && placement === "player") {
      this.#watching = new Watching(room, this.#api, this.#socket.watched(), () => this.#caller(), () => this.reportWatched(), (type, detail) => !this.#isClosed && this.#tell(type, detail));
    }
    tokens.follow((token) => {
      this.#giveSocket(token);
      this.#watching?.handleToken();
    });
    signal?.addEventListener("abort", () => this.close(), { once: true, signal: this.#ended.signal });
    this.#refreshAccess();
    if (wallet) this.followWallet();
  }

  get connection() {
    return this.#connection;
  }

  get pictureTime() {
    return this.#socket?.pictureTimeMs() ?? null;
  }

  get position() {
    return this.#socket?.positionMs() ?? this.#lastPosition;
  }

  get clockErrorMs() {
    return this.#socket?.clockErrorMs() ?? null;
  }

  get syncSource() {
    return this.#socket?.syncSource() ?? null;
  }

  get playheadQuality() {
    return this.#socket?.playheadQuality() ?? null;
  }

  get stats() {
    return this.#socket?.stats() ?? this.#lastStats;
  }

  get profile() {
    return this.#read().profile;
  }

  get session() {
    return this.#read().session;
  }

  get participants() {
    return this.#read().participants;
  }

  get stage() {
    return this.#read().stage;
  }

  get onlineCount() {
    return this.#read().onlineCount;
  }

  get train() {
    return this.#read().train;
  }

  get unknownParts() {
    return this.#read().unknownParts;
  }

  get watched() {
    return this.#watching?.minutes ?? [];
  }

  get wallet() {
    return this.#wallet;
  }

  followWallet(follows = true) {
    if (this.#isClosed) return;
    this.#socket.followWallet(Boolean(follows));
    if (!follows) return;
    this.#loadPoints().then(
      () => this.#socket?.wallet() && this.#takeWallet(),
      (fault) => !this.#isClosed && this.#tell("fault", fault),
    );
  }

  async rewards({ signal } = {}) {
    return (await this.#loadPoints()).rewards(signal);
  }

  async redeem(reward, options) {
    return (await this.#loadPoints()).redeem(reward, options);
  }

  async reportWatched() {
    if (this.#isClosed) return;
    // Who is signed in may be another than before, and is being read.
    if (this.#access.isStale) await this.#access.reading;
    // Whoever is not in the room has nothing counted, and nobody who is not signed in is in it.
    if (this.me?.membership === "JOINED") await this.#watching?.report();
  }

  get me() {
    if (this.#me?.membership !== "JOINED") return this.#me;
    const seen = this.participants.find((other) => other.id === this.#me.id);
    return seen && seen.version >= this.#me.version ? { ...this.#me, ...seen } : this.#me;
  }

  get capabilities() {
    return this.#capabilities;
  }

  async join({ name } = {}) {
    if (typeof name !== "string") throw new TypeError("say under which name to join: join({ name })");
    return this.#act("joinRoom", { name });
  }

  async leave() {
    // Whoever has left has nothing counted any more.
    this.reportWatched();
    return this.#act("leaveRoom", {});
  }

  async rename(name, who = this.me) {
    return this.#change("renameParticipant", who, { name });
  }

  async requestStage() {
    return this.#change("requestStage", this.me);
  }

  async withdraw() {
    return this.#change("withdrawStageRequest", this.me);
  }

  async invite(who) {
    return this.#change("inviteToStage", who);
  }

  async decline(who = this.me) {
    return this.#change("declineStage", who);
  }

  async joinStage() {
    return this.#change("joinStage", this.me);
  }

  async leaveStage() {
    return this.#change("leaveStage", this.me);
  }

  async moveToAudience(who) {
    return this.#change("moveToAudience", who);
  }

  async handOverHost(who) {
    return this.#change("handOverHost", who, { fromParticipantId: this.stage.host?.id ?? null });
  }

  async remove(who, { reason } = {}) {
    return this.#change("removeParticipant", who, { reason });
  }

  async readmit(who) {
    return this.#change("readmitParticipant", who);
  }

  async assignRole(who, role) {
    return this.#change("assignRole", who, { role });
  }

  async grant(who, capability, terms = {}) {
    return this.#change("grantCapability", who, { capability, ...written(terms) });
  }

  async deny(who, capability, terms = {}) {
    return this.#change("denyCapability", who, { capability, ...written(terms) });
  }

  async clearGrant(who, capability) {
    return this.#change("clearCapabilityGrant", who, { capability });
  }

  async clearDenial(who, capability) {
    return this.#change("clearCapabilityDenial", who, { capability });
  }

  async participant(id, { signal } = {}) {
    const { participant: found } = await this.#api.run(OPERATIONS.participant, { id }, signal);
    return found && participant(found);
  }

  async listParticipants({ first, after, role, stageRole, signal } = {}) {
    const variables = { roomId: this.#room, page: { first, after }, role, stageRole };
    const { participantsConnection: page } = await this.#api.run(OPERATIONS.participantsConnection, variables, signal);
    return {
      participants: page.nodes.map(participant),
      totalCount: page.totalCount,
      next: page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null,
    };
  }

  setPlayhead({ positionMs, playing, rate = 1, seeks = 0, atMs, quality }) {
    // What is no number is no position, and the core says so.
    const at = atMs === undefined || atMs === null ? undefined : Number(atMs);
    this.#socket?.setPlayhead(millis(positionMs), Boolean(playing), Number(rate ?? 1), Number(seeks), at, quality === "frame");
    if (this.#isRefusalSaid || this.syncSource !== "playhead-refused") return;
    this.#isRefusalSaid = true;
    console.warn(REFUSED, positionMs);
  }

  alerts({ waitingMax = 4, ageMaxMs = 60_000, priority } = {}) {
    // What is no number is none, and without an end is as many as there may be.
    const waiting = Math.min(Math.max(Number(waitingMax) || 0, 0), 0xffff_ffff);
    const ageMax = Number.isFinite(ageMaxMs) ? ageMaxMs : undefined;
    return this.#socket ? new AlertQueue(this.#socket.alerts(waiting, ageMax, prioritised(priority))) : null;
  }

  setNoPlayhead() {
    this.#socket?.setNoPlayhead();
  }

  setToken(token) {
    this.#tokens.current = token;
    this.#refreshAccess();
  }

  pause() {
    this.#socket?.pause();
  }

  resume() {
    this.#socket?.resume();
  }

  refresh() {
    this.#refreshAccess();
  }

  reconnect() {
    this.#socket?.reconnect();
  }

  close() {
    if (this.#isClosed) return;
    this.#read();
    this.#lastPosition = this.position;
    this.#lastStats = this.stats;
    this.reportWatched();
    this.#watching?.stop();
    this.#ended.abort();
    this.#connection = { state: "disconnected", reason: null };
    // Not within a notice of its own.
    const socket = this.#socket;
    this.#socket = null;
    queueMicrotask(() => socket.free());
    this.#tell("connection", this.#connection);
  }

  /** Loads what points need, once, and asks again for what an earlier page was not told of. */
  #loadPoints() {
    const load = async () => {
      // Not at once: whoever has closed the client wants nothing more.
      const { Points, readWallet } = await retried(() => import("./wallet.js"), { signal: this.#ended.signal, tries: START_TRIES });
      const points = new Points({
        api: this.#api,
        server: this.#server,
        room: this.#room,
        store: this.#store,
        whoIsIt: () => this.#whoIsIt(),
        tell: (answer) => !this.#isClosed && this.#tell("redemption", answer),
      });
      this.#points = { points, readWallet };
      this.#settlePoints();
      return points;
    };
    return (this.#pointsLoading ??= load().catch((cause) => {
      this.#pointsLoading = null;
      this.#ended.signal.throwIfAborted();
      throw new ParlorError("MODULE_UNAVAILABLE", "what points need could not be loaded", { cause });
    }));
  }

  /** What goes wrong with it is tried again with the next connection. */
  #settlePoints() {
    if (!this.#isClosed) this.#points?.points.settle().catch(() => {});
  }

  #takeWallet() {
    const json = this.#socket?.wallet();
    // Told once it can be read.
    if (this.#isClosed || (json && !this.#points)) return;
    this.#wallet = json ? this.#points.readWallet(json) : null;
    this.#tell("wallet", this.#wallet);
    this.#mark();
  }

  /** The caller's token, and the id of the participant whom it is of; nothing if they never joined. */
  async #whoIsIt() {
    const { id, token } = await this.#caller();
    return id && { id, token };
  }

  /** The present token, and the id of the participant whom it is of: null for whoever never joined, or is nobody. */
  async #caller() {
    const { current } = this.#tokens;
    if (!current) return { id: null, token: current };
    if (this.#access.token !== current) {
      if (this.#access.reading) await this.#access.reading;
      if (this.#access.token !== this.#tokens.current) await this.#refreshAccess();
      if (this.#access.token !== this.#tokens.current) throw new ParlorError("NETWORK", "who is signed in could not be read");
    }
    return { id: this.#me?.id ?? null, token: this.#access.token };
  }

  get #isClosed() {
    return this.#ended.signal.aborted;
  }

  /** Changes `who`, by id or as they were seen, against the version that is known of them. */
  async #change(operation, who, fields = {}) {
    if (who === undefined) throw new TypeError("say who is meant: a participant, or their id");
    const target = typeof who === "string" ? await this.#known(who) : who;
    if (!target) return NOT_JOINED;
    return this.#act(operation, { participantId: target.id, version: target.version, ...fields });
  }

  #giveSocket(token) {
    this.#socketToken = token;
    this.#socket?.setToken(token);
  }

  async #act(operation, fields) {
    const input = { roomId: this.#room, ...fields };
    const { data, token } = await this.#command(OPERATIONS[operation], { input });
    const result = outcome(data[operation]);
    if (token !== this.#tokens.current) {
      // Somebody else may be signed in by now, and what came of it is not about them.
      await this.#refreshAccess();
      return result;
    }
    const own = this.#me?.id ?? null;
    const comesOrGoes = operation === "joinRoom" || operation === "leaveRoom";
    if (result.ok && (comesOrGoes || result.participant.id === own)) {
      this.#know(result.participant);
      this.#mark();
      if (comesOrGoes) await this.#refreshAccess();
    } else if (!result.ok && (fields.participantId ?? own) === own) {
      // Whatever was wrong, what is known of oneself may be why.
      this.#refreshAccess();
    }
    return result;
  }

  /** Asks for what the caller meant, and for nobody else: a refused token may be replaced by another's. */
  async #command(query, variables) {
    const meant = this.#me?.id ?? null;
    const token = this.#tokens.current;
    try {
      return { data: await this.#api.runAs(token, query, variables), token };
    } catch (fault) {
      if (fault.code !== "TOKEN_REPLACED") throw fault;
    }
    // Whoever was nobody yet is meant to be whom the next token is of.
    let next = this.#tokens.current;
    if (meant !== null) {
      const who = await this.#caller();
      if (who.id !== meant) throw new ParlorError("VIEWER_CHANGED", "somebody else is signed in by now");
      next = who.token;
    }
    return { data: await this.#api.runWith(next, query, variables), token: next };
  }

  async #known(id) {
    if (id === this.#me?.id) return this.me;
    return this.participants.find((other) => other.id === id) ?? (await this.participant(id)) ?? { id, version: 0 };
  }

  /** Reads anew who the caller is and what they may do. Done when what is known is no older than this call. */
  async #refreshAccess() {
    if (this.#isClosed || !this.#tokens.current) return;
    this.#access.isStale = true;
    this.#access.reading ??= this.#readAccess();
    await this.#access.reading;
  }

  /** One reading at a time; for all that is asked meanwhile, one more. */
  async #readAccess() {
    const before = this.#me?.id;
    do {
      this.#access.isStale = false;
      try {
        const { data, token } = await this.#api.ask(OPERATIONS.roomAccess, { roomId: this.#room });
        if (token !== this.#tokens.current) {
          // It may be about who was signed in before.
          this.#access.isStale = true;
          continue;
        }
        const { roomAccess } = data;
        this.#know(roomAccess.participant && participant(roomAccess.participant));
        this.#capabilities = roomAccess.capabilities;
        this.#access.token = token;
        this.#mark();
      } catch (error) {
        // The next change or connection tries again.
        this.#tell("fault", error);
      }
    } while (this.#access.isStale && !this.#isClosed);
    this.#access.reading = null;
    // Whoever comes back has what they asked for before.
    if (this.#me && this.#me.id !== before) this.#settlePoints();
  }

  #know(me) {
    this.#me = me;
    this.#watching?.handleViewer(me?.id ?? null);
  }

  /** The caller as the room shows them now. */
  #ownProfile() {
    this.#state = null;
    return this.participants.find((other) => other.id === this.#me?.id);
  }

  #read() {
    if (!this.#isClosed) this.#state ??= readRoom(this.#socket.room());
    return this.#state;
  }

  #notice(notice) {
    if (this.#isClosed) return;
    switch (notice.type) {
      case "event": {
        const event = readEvent(notice.event);
        this.#mark(event.participant);
        this.#tell("event", event);
        break;
      }
      case "state":
        // After a seek people are who they were. What came with another connection is news, unless it is the
        // first, which comes while the first reading is under way; and so is a change of oneself.
        this.#mark(this.#ownProfile());
        if (this.#started && this.#returned) this.#refreshAccess();
        this.#started = true;
        this.#tell("replaced", undefined);
        break;
      case "presence":
        this.#mark();
        break;
      case "connection":
        this.#connection = notice.connection;
        if (notice.connection.state === "live") {
          this.#returned = true;
          queueMicrotask(() => (this.#returned = false));
        }
        this.#tell("connection", notice.connection);
        this.#mark();
        if (notice.connection.state === "live") this.#settlePoints();
        if (notice.connection.reason === "sign-in-required") this.#renew("refused");
        break;
      case "wallet":
        this.#takeWallet();
        break;
      case "token-expiring":
        this.#renew("expiring");
        break;
    }
  }

  async #renew(reason) {
    this.#tell("token-needed", reason);
    if (!this.#tokens.isRenewable || this.#renewing) return;
    this.#renewing = true;
    const another = () => (reason === "expiring" ? this.#tokens.expiring(this.#socketToken) : this.#tokens.refused(this.#socketToken));
    try {
      const onFault = (cause) => this.#tell("fault", cause);
      this.#giveSocket(await retried(another, { signal: this.#ended.signal, onFault }));
    } catch {
      // Closed meanwhile: whatever else goes wrong is tried again.
    }
    this.#renewing = false;
  }

  /** Forgets what was read of the state, and says so once, when all that came with it is in. */
  #mark(changed) {
    if (this.#isClosed) return;
    this.#state = null;
    // A newer version of oneself may come with other capabilities.
    if (changed && changed.id === this.#me?.id && changed.version > this.#me.version) this.#refreshAccess();
    if (this.#changed) return;
    this.#changed = true;
    queueMicrotask(() => {
      this.#changed = false;
      if (!this.#isClosed) this.#tell("change", undefined);
    });
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** Terms as the schema has them. */
function written({ expiresAt, reason }) {
  return { expiresAt: expiresAt === undefined ? undefined : instant(expiresAt, "expiresAt").toISOString(), reason };
}

/** Loads the client once, gets the first token, and begins to follow the room. */
export function connector(initialise) {
  let loading;
  // What failed is not remembered.
  const load = () => (loading ??= initialise().catch((cause) => { loading = undefined; throw cause; }));
  return async ({ token, placement = "companion", startAt, signal, ...options }) => {
    const tokens = new TokenKeeper(token);
    const had = (act, code, message) =>
      retried(act, { signal, tries: START_TRIES }).catch((cause) => {
        signal?.throwIfAborted();
        throw new ParlorError(code, message, { cause });
      });
    const start = startAt === undefined || startAt === null ? undefined : instant(startAt, "startAt").getTime();
    await Promise.all([
      had(load, "MODULE_UNAVAILABLE", "the client could not be loaded"),
      had(() => tokens.start(), "TOKEN_UNAVAILABLE", "no token could be had"),
    ]);
    signal?.throwIfAborted();
    return new ParlorClient({ placement, startAt: start, signal, ...options }, tokens);
  };
}
