// Points: what a viewer has, what there is to redeem, and redeeming that happens once, whatever becomes of the page.
//
// Loaded by pages that ask for any of it, and by no others.

import { ParlorError } from "./api.js";
import { OPERATIONS } from "./points_operations.js";
import { retried } from "./retry.js";

/** Before each key under which is kept what was asked for and not yet answered. */
const KEPT_AS = "parlor.redeem";

/**
 * For how long what was not answered is asked again by itself. Who comes back later has seen in their wallet what
 * became of it, and does not expect to pay for what they gave up.
 */
const PENDING_MAX_MS = 10 * 60_000;

/** How often it is asked at once, over some four seconds where each try fails at once, before whoever asked is told that it went wrong. */
const TRIES = 4;

/** Faults after which the same would go wrong again, and nothing was done. */
const FINAL = ["VALIDATION", "UNAUTHENTICATED", "FORBIDDEN", "TOKEN_UNAVAILABLE", "VIEWER_CHANGED"];

const NOT_JOINED = { type: "AuthError", code: "NOT_JOINED", message: "whoever is not in the room has no points", field: null, constraint: null };

const number = (text) => (text === null || text === undefined ? null : Number(text));
const time = (text) => (text === null || text === undefined ? null : Date.parse(text));

function redemption({ __typename, ...read }) {
  const { cost, redeemedAt, settledAt, refunded, expiresAt, drawnAt } = read;
  return {
    ...read,
    cost: Number(cost),
    refunded: Number(refunded),
    redeemedAt: Date.parse(redeemedAt),
    settledAt: time(settledAt),
    expiresAt: time(expiresAt),
    drawnAt: time(drawnAt),
  };
}

/** Reads a wallet as the module hands it on. */
export function readWallet(json) {
  const { participantId, balance, held, available, debt, redemptions, lastMinute, watching } = JSON.parse(json);
  return {
    participantId,
    balance: Number(balance),
    held: Number(held),
    available: Number(available),
    debt: Number(debt),
    redemptions: redemptions.map(redemption),
    lastMinute: lastMinute && { ...lastMinute, minute: Date.parse(lastMinute.minute), points: number(lastMinute.points) },
    watching,
  };
}

function reward({ cost, input, availability, draw, openDraw, standing, ...rest }) {
  return {
    ...rest,
    cost: Number(cost),
    input: { ...input, min: number(input.min), max: number(input.max) },
    availability: { ...availability, onlineMin: number(availability.onlineMin) },
    draw: draw && { ...draw, windowMs: Number(draw.windowMs) },
    openDraw: openDraw && { ...openDraw, closesAt: Date.parse(openDraw.closesAt) },
    standing: standing && { ...standing, placesLeft: number(standing.placesLeft), cooldownEndsAt: time(standing.cooldownEndsAt) },
  };
}

/** Keeps things for as long as the page is there. */
class PageStore {
  #items = new Map();

  get length() {
    return this.#items.size;
  }

  key(index) {
    return [...this.#items.keys()][index] ?? null;
  }

  getItem(name) {
    return this.#items.get(name) ?? null;
  }

  setItem(name, text) {
    this.#items.set(name, text);
  }

  removeItem(name) {
    this.#items.delete(name);
  }
}

/** The browser's own storage, which may be forbidden, or full of somebody else's. */
function browserStore() {
  try {
    return globalThis.localStorage ?? new PageStore();
  } catch {
    return new PageStore();
  }
}

/** A page without https has no `randomUUID`. */
function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Points {
  #api;
  #room;
  #place;
  #store;
  /** What does not fit there: it is kept no longer than the page. */
  #overflow = new PageStore();
  #whoIsIt;
  #tell;
  /** What is being asked for, by what it is kept under: two viewers may be given the same key. */
  #asking = new Map();

  /**
   * `whoIsIt` resolves to the token that is used and the `id` of the participant whom it is of, or to nothing. `tell`
   * is called with each answer that is of them.
   */
  constructor({ api, server, room, store = browserStore(), whoIsIt, tell }) {
    this.#api = api;
    this.#room = room;
    this.#place = [KEPT_AS, new URL(server).origin, room];
    this.#store = store;
    this.#whoIsIt = whoIsIt;
    this.#tell = tell;
    // Whoever never comes back has left there what they typed.
    for (const [name, text] of items(store, `${KEPT_AS}|`)) if (!isYoung(read(text))) store.removeItem(name);
  }

  async rewards(signal) {
    const { rewards } = await this.#api.run(OPERATIONS.rewards, { roomId: this.#room }, signal);
    return (rewards ?? []).map(reward);
  }

  async redeem({ id, cost = null }, { input = null, key } = {}) {
    if (typeof id !== "string") throw new TypeError("say which reward is meant: one of those that rewards() lists");
    const viewer = (await this.#whoIsIt())?.id;
    if (!viewer) return { ok: false, refusal: NOT_JOINED };
    const wanted = { rewardId: id, input: input === null ? null : String(input) };
    const isSame = (other) => other.rewardId === wanted.rewardId && other.input === wanted.input && (key ?? other.key) === other.key;
    // The same that was asked for and not answered is the same, as after a click on a page that died: at the cost of
    // then, for it may have been paid.
    const before = this.#pending(viewer).find(isSame);
    return this.#ask(viewer, before ?? { key: key ?? newKey(), ...wanted, cost, at: Date.now() });
  }

  /** Asks again for what was not answered. */
  async settle() {
    const viewer = (await this.#whoIsIt())?.id;
    if (!viewer) return;
    await Promise.allSettled(this.#pending(viewer).map((pending) => this.#ask(viewer, pending)));
  }

  #ask(viewer, pending) {
    const name = this.#name(viewer, pending.key);
    let asking = this.#asking.get(name);
    if (!asking) {
      asking = this.#askOnce(name, viewer, pending).finally(() => this.#asking.delete(name));
      this.#asking.set(name, asking);
    }
    return asking;
  }

  async #askOnce(name, viewer, pending) {
    const { key, rewardId, cost, input } = pending;
    const variables = { input: { idempotencyKey: key, roomId: this.#room, rewardId, cost: cost === null ? null : String(cost), input } };
    const ask = async () => {
      // Whoever is signed in since is not to pay for it, nor whoever is while it is asked for.
      const who = await this.#whoIsIt();
      if (who?.id !== viewer) throw new ParlorError("VIEWER_CHANGED", "somebody else is signed in by now");
      // A page that was suspended goes on here whenever it is woken. By then the viewer may have been refused, or have
      // asked for the same by another key, and would pay for both.
      if (!this.#isKept(name)) return { fault: new ParlorError("NETWORK", "it is not asked for any more, and may have been answered elsewhere") };
      return this.#api.runAs(who.token, OPERATIONS.redeemReward, variables, undefined, true);
    };
    // Before it is asked for: a page may die at any moment after.
    this.#keep(name, JSON.stringify(pending));
    const answer = await retried(() => ask().catch((fault) => (FINAL.includes(fault.code) ? { fault } : Promise.reject(fault))), { tries: TRIES });
    if (answer.fault) {
      if (answer.fault.code === "VALIDATION") this.#forget(name);
      throw answer.fault;
    }
    this.#forget(name);
    const outcome = readOutcome(answer.redeemReward);
    // What somebody typed is not for whoever is signed in since.
    const who = await this.#whoIsIt().catch(() => null);
    if (who?.id === viewer) this.#tell({ key, rewardId, ...outcome });
    return outcome;
  }

  #name(viewer, key) {
    return [...this.#place, viewer, key].join("|");
  }

  #keep(name, text) {
    try {
      this.#store.setItem(name, text);
    } catch {
      this.#overflow.setItem(name, text);
    }
  }

  #isKept(name) {
    return [this.#store, this.#overflow].some((store) => isYoung(read(store.getItem(name))));
  }

  #forget(name) {
    for (const store of [this.#store, this.#overflow]) store.removeItem(name);
  }

  /** What the viewer has asked for and was not told of, the oldest first. */
  #pending(viewer) {
    const start = this.#name(viewer, "");
    const found = new Map();
    for (const [name, text] of [...items(this.#store, start), ...items(this.#overflow, start)]) {
      const pending = read(text);
      if (isYoung(pending)) found.set(name, pending);
      else this.#forget(name);
    }
    return [...found.values()].sort((one, other) => one.at - other.at);
  }
}

/** What a store has under names that begin so. */
function items(store, start) {
  const names = Array.from({ length: store.length }, (_, index) => store.key(index));
  return names.filter((name) => name?.startsWith(start)).map((name) => [name, store.getItem(name)]);
}

/** Whatever stands there: others write into the same store. */
function read(text) {
  try {
    const { key, rewardId, cost, input, at } = JSON.parse(text);
    return typeof key === "string" && typeof rewardId === "string" && Number.isFinite(at) ? { key, rewardId, cost, input, at } : null;
  } catch {
    return null;
  }
}

/** Whether it is asked again by itself. What is far ahead is of a clock that was wrong, and would never be old. */
function isYoung(pending) {
  return pending !== null && Math.abs(Date.now() - pending.at) < PENDING_MAX_MS;
}

function readOutcome(result) {
  if (result.__typename === "Redemption") return { ok: true, redemption: redemption(result) };
  const { __typename: type, code, message, field = null, constraint = null } = result;
  return { ok: false, refusal: { type, code, message, field, constraint } };
}
