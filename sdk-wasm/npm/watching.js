// What the viewer has watched, told to the server, and what became of it.

import { ParlorError } from "./api.js";
import { OPERATIONS } from "./watching_operations.js";

/** How often to tell, as the server expects it. */
const REPORT_EVERY_MS = 30_000;
/** How often to look whether a picture has begun, of which the server is told at once. */
const LOOK_EVERY_MS = 3_000;
/** Where the room is not found, as while it is a draft, it is told in one turn of two, of four and of eight. */
const ABSENCES_MAX = 3;
/** How long an answer is waited for: less than that, so that one that never comes keeps no other from being told. */
const ANSWER_MAX_MS = 25_000;
/** For how long it is known here what became of a minute: as long as it could be told of. */
const KNOWN_MS = 16 * 60_000;

/** Five numbers each, as the module hands them on. */
const spansOf = (numbers) => Array.from({ length: numbers.length / 5 }, (_, index) => numbers.slice(5 * index, 5 * index + 5));

export class Watching {
  #room;
  #api;
  #whoIsIt;
  /** What was watched; null once nobody wants it told. */
  #watched;
  #tell;
  #timer;
  #reporting = null;
  /** Whether the server takes no reports of this viewer, or of nobody. */
  #isRefused = false;
  /** How often the room was not found, one after the other. */
  #absences = 0;
  /** When it was last told by the clock: a page that nobody sees looks about once a minute, and not every three seconds. */
  #toldAt = performance.now();
  #viewer = null;
  #hadMember = false;
  #minutes = new Map();

  /**
   * `watched` has what was watched; `whoIsIt` says whose the token is, `report` is called when it is to be told, `tell` with
   * news of minutes and with what went wrong.
   */
  constructor(room, api, watched, whoIsIt, report, tell) {
    this.#room = room;
    this.#api = api;
    this.#whoIsIt = whoIsIt;
    this.#watched = watched;
    this.#tell = tell;
    this.#timer = setInterval(() => this.#look(report), LOOK_EVERY_MS);
  }

  /** What is known of the last minutes, in their order. */
  get minutes() {
    return [...this.#minutes.values()].sort((one, other) => one.minute - other.minute);
  }

  /** Tells what was watched and is not decided. Done when the server has answered, or could not be asked. */
  async report() {
    // What is asked for meanwhile is told by the next.
    this.#reporting ??= this.#reportAll().finally(() => (this.#reporting = null));
    return this.#reporting;
  }

  #look(report) {
    const now = performance.now();
    const wait = REPORT_EVERY_MS * 2 ** Math.min(this.#absences, ABSENCES_MAX);
    // A look that comes a little early is not put off by a whole one.
    const isDue = now - this.#toldAt > wait - LOOK_EVERY_MS / 2;
    if (isDue) this.#toldAt = now;
    if (isDue || this.#watched.wantsLease()) report();
  }

  handleToken() {
    this.#isRefused = false;
    this.#absences = 0;
  }

  /** What another viewer has watched is not this one's. */
  handleViewer(id) {
    if (id === this.#viewer) return;
    // Who watches before they join is who joins. Once a member was here, whoever is none is somebody else.
    if (this.#hadMember) this.forget();
    this.#hadMember = true;
    this.#viewer = id;
  }

  forget() {
    this.#watched?.forget();
    this.#minutes.clear();
  }

  stop() {
    clearInterval(this.#timer);
    this.#watched?.free();
    this.#watched = null;
  }

  async #reportAll() {
    const reports = this.#isRefused ? [] : (this.#watched?.reports() ?? []);
    if (!reports.length) return;
    const viewer = this.#viewer;
    let who;
    try {
      who = await this.#whoIsIt();
    } catch (fault) {
      return this.#fail(fault);
    }
    // Nobody tells what somebody else has watched.
    for (const report of reports) if (!this.#isRefused && who.id === viewer) await this.#report(report, viewer, who.token);
  }

  async #report([sessionId, lease, numbers], viewer, token) {
    const at = (ms) => new Date(ms).toISOString();
    const input = {
      roomId: this.#room,
      sessionId,
      lease,
      spans: spansOf(numbers).map(([from, until, playheadFrom, playheadUntil, rate]) => ({
        from: at(from),
        until: at(until),
        playheadFrom: playheadFrom / 1_000,
        playheadUntil: playheadUntil / 1_000,
        rate: rate / 10_000,
      })),
    };
    const waiting = new AbortController();
    const timer = setTimeout(() => waiting.abort(), ANSWER_MAX_MS);
    let result;
    try {
      result = (await this.#api.runAs(token, OPERATIONS.reportWatching, { input }, waiting.signal, true)).reportWatching;
    } catch (fault) {
      return this.#fail(fault);
    } finally {
      clearTimeout(timer);
    }
    // Whoever is signed in since has nothing to do with it.
    if (!this.#watched || viewer !== this.#viewer) return;
    if (result.__typename === "WatchReport") this.#take(sessionId, result);
    else this.#refuse(sessionId, result);
  }

  #take(sessionId, { minutes, lease }) {
    this.#absences = 0;
    const told = minutes.map(({ minute, points, ...rest }) => ({ minute: Date.parse(minute), points: Number(points), ...rest }));
    const decided = told.filter(({ outcome }) => outcome !== null).map(({ minute }) => minute);
    this.#watched.answered(sessionId, new Float64Array(decided), lease);
    for (const one of told) this.#minutes.set(one.minute, one);
    const newest = Math.max(...this.#minutes.keys());
    for (const minute of this.#minutes.keys()) if (minute < newest - KNOWN_MS) this.#minutes.delete(minute);
    this.#tell("watched", told);
  }

  #refuse(sessionId, { __typename: type, code, message, field }) {
    // One that another viewer was given, or a server that has forgotten what it signed with.
    if (field === "lease") return this.#watched.forgetLeases();
    // What is wrong with what was told does not get better; what is wrong with who tells it may.
    if (type === "ValidationError") this.#watched.refused(sessionId);
    // A room that is a draft now may be opened.
    else if (type === "NotFoundError") this.#absences += 1;
    else this.#isRefused = true;
    this.#tell("fault", new ParlorError(code, message));
  }

  #fail(fault) {
    // What was watched offline is told when there is a network again, and that there is none is known; with another
    // token once it is known whose that is.
    if (fault.code === "NETWORK" || fault.code === "TOKEN_REPLACED" || fault.name === "AbortError") return;
    // A server that is older than this client has no such operation.
    if (fault.code === "VALIDATION") this.#isRefused = true;
    this.#tell("fault", fault);
  }
}
