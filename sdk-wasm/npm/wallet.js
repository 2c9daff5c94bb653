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

/** How often it is asked at once, over some four seconds, before whoever asked is told that it went wrong. */
const TRIES = 4;

/** Faults after which the same would go wrong again, and nothing was done. */
const FINAL = ["VALIDATION", "UNAUTHENTICATED", "FORBIDDEN", "TOKEN_UNAVAILABLE", "VIEWER_CHANGED"];

const NOT_JOINED = { type: "AuthError", code: "NOT_JOINED", message: "whoever is not in the room has no points", field: null, constraint: null };

const number = (text) => (text === null || text === undefined ? null : Number(text));
const time = (text) => (text === null || text === undefined ? null : Date.parse(text));

function redemption({ __typename, ...read }) {
  const { cost, redeemedAt, settledAt, refunded, expiresAt } = read;
  return {
    ...read,
    cost: Number(cost),
    refunded: Number(refunded),
    redeemedAt: Date.parse(redeemedAt),
    settledAt: time(settledAt),
    expiresAt: time(expiresAt),
  };
}

/** Reads a wallet as the module hands it on. */
export function readWallet(json) {
  const { participantId, balance, held, available, redemptions, lastMinute } = JSON.parse(json);
  return {
    participantId,
    balance: Number(balance),
    held: Number(held),
    available: Number(available),
    redemptions: redemptions.map(redemption),
    lastMinute: lastMinute && { ...lastMinute, minute: Date.parse(lastMinute.minute), points: number(lastMinute.points) },
  };
}

function reward({ cost, input, availability, standing, ...rest }) {
  return {
    ...rest,
    cost: Number(cost),
    input: { ...input, min: number(input.min), max: number(input.max) },
    availability: { ...availability, onlineMin: number(availability.onlineMin) },
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
  #whoIsIt;
  #tell;
  /** What is being asked for, by its key. */
  #asking = new Map();

  /**
   * `whoIsIt` resolves to the id of the participant whose token is used, or to nothing. `tell` is called with each
   * answer.
   */
  constructor({ api, server, room, store = browserStore(), whoIsIt, tell }) {
    this.#api = api;
    this.#room = room;
    this.#place = [KEPT_AS, new URL(server).origin, room];
    this.#store = store;
    this.#whoIsIt = whoIsIt;
    this.#tell = tell;
  }

  async rewards(signal) {
    const { rewards } = await this.#api.run(OPERATIONS.rewards, { roomId: this.#room }, signal);
    return (rewards ?? []).map(reward);
  }

  async redeem({ id, cost = null }, { input = null, key } = {}) {
    if (typeof id !== "string") throw new TypeError("say which reward is meant: one of those that rewards() lists");
    const viewer = await this.#whoIsIt();
    if (!viewer) return { ok: false, refusal: NOT_JOINED };
    const wanted = { rewardId: id, cost, input: input === null ? null : String(input) };
    const isSame = (other) => Object.keys(wanted).every((name) => wanted[name] === other[name]);
    // The same that was asked for and not answered is the same, as after a click on a page that died.
    const before = key === undefined ? this.#pending(viewer).find(isSame) : undefined;
    return this.#ask(viewer, before ?? { key: key ?? newKey(), ...wanted, at: Date.now() });
  }

  /** Asks again for what was not answered. */
  async settle() {
    const viewer = await this.#whoIsIt();
    if (!viewer) return;
    await Promise.allSettled(this.#pending(viewer).map((pending) => this.#ask(viewer, pending)));
  }

  #ask(viewer, pending) {
    const { key } = pending;
    let asking = this.#asking.get(key);
    if (!asking) {
      asking = this.#askOnce(viewer, pending).finally(() => this.#asking.delete(key));
      this.#asking.set(key, asking);
    }
    return asking;
  }

  async #askOnce(viewer, pending) {
    const name = this.#name(viewer, pending.key);
    const { key, rewardId, cost, input } = pending;
    const variables = { input: { idempotencyKey: key, roomId: this.#room, rewardId, cost: cost === null ? null : String(cost), input } };
    const ask = async () => {
      // Whoever is signed in since is not to pay for it.
      if ((await this.#whoIsIt()) !== viewer) throw new ParlorError("VIEWER_CHANGED", "somebody else is signed in by now");
      return this.#api.run(OPERATIONS.redeemReward, variables, undefined, true);
    };
    // Before it is asked for: a page may die at any moment after.
    this.#keep(name, JSON.stringify(pending));
    const answer = await retried(() => ask().catch((fault) => (FINAL.includes(fault.code) ? { fault } : Promise.reject(fault))), { tries: TRIES });
    if (answer.fault) {
      if (answer.fault.code === "VALIDATION") this.#store.removeItem(name);
      throw answer.fault;
    }
    this.#store.removeItem(name);
    const outcome = readOutcome(answer.redeemReward);
    this.#tell({ key, rewardId, ...outcome });
    return outcome;
  }

  #name(viewer, key) {
    return [...this.#place, viewer, key].join("|");
  }

  #keep(name, text) {
    try {
      this.#store.setItem(name, text);
    } catch {
      // Full: then it is kept no longer than the page.
      const store = this.#store;
      this.#store = new PageStore();
      for (const [kept, was] of items(store, this.#place.join("|"))) this.#store.setItem(kept, was);
      this.#store.setItem(name, text);
    }
  }

  /** What the viewer has asked for and was not told of, the oldest first. */
  #pending(viewer) {
    const found = [];
    for (const [name, text] of items(this.#store, this.#name(viewer, ""))) {
      const pending = read(text);
      if (pending && Date.now() - pending.at < PENDING_MAX_MS) found.push(pending);
      else this.#store.removeItem(name);
    }
    return found.sort((one, other) => one.at - other.at);
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

function readOutcome(result) {
  if (result.__typename === "Redemption") return { ok: true, redemption: redemption(result) };
  const { __typename: type, code, message, field = null, constraint = null } = result;
  return { ok: false, refusal: { type, code, message, field, constraint } };
}
