// What the viewer has watched, told to the server, and what became of it.

import { ParlorError } from "./api.js";
import { OPERATIONS } from "./operations.js";

/** How often to tell, as the server expects it. */
const REPORT_EVERY_MS = 30_000;
/** For how long it is known here what became of a minute: as long as it could be told of. */
const KNOWN_MS = 16 * 60_000;

export class Watching {
  #room;
  #api;
  #socket;
  #tell;
  #timer;
  #reporting = null;
  /** Whether the server takes no reports of this viewer. */
  #isRefused = false;
  #minutes = new Map();

  /** `socket` has what was watched; `report` is called when it is to be told, `tell` with news of minutes and with what went wrong. */
  constructor(room, api, socket, report, tell) {
    this.#room = room;
    this.#api = api;
    this.#socket = socket;
    this.#tell = tell;
    this.#timer = setInterval(report, REPORT_EVERY_MS);
  }

  /** What is known of the last minutes, in their order. */
  get minutes() {
    return [...this.#minutes.values()].sort((one, other) => one.minute - other.minute);
  }

  /** Tells what was watched and is not decided. Done when the server has answered, or could not be asked. */
  async report() {
    // What is asked for meanwhile is told by the next.
    this.#reporting ??= this.#report().finally(() => (this.#reporting = null));
    return this.#reporting;
  }

  /** Another viewer may be signed in now. */
  handleToken() {
    this.#isRefused = false;
  }

  stop() {
    clearInterval(this.#timer);
  }

  async #report() {
    const report = this.#isRefused ? undefined : this.#socket.watchReport();
    if (!report) return;
    const { sessionId, lease } = report;
    const at = (ms) => new Date(ms).toISOString();
    const spans = report.spans.map(({ fromMs, untilMs, playheadFromMs, playheadUntilMs, rate }) => ({
      from: at(fromMs),
      until: at(untilMs),
      playheadFrom: playheadFromMs / 1_000,
      playheadUntil: playheadUntilMs / 1_000,
      rate: rate / 10_000,
    }));
    let result;
    try {
      const input = { roomId: this.#room, sessionId, spans, lease };
      result = (await this.#api.run(OPERATIONS.reportWatching, { input })).reportWatching;
    } catch (fault) {
      // What was watched offline is told when there is a network again, and that there is none is known.
      if (fault.code !== "NETWORK") this.#tell("fault", fault);
      return;
    }
    if (result.__typename === "WatchReport") this.#take(sessionId, result);
    else this.#refuse(sessionId, result);
  }

  #take(sessionId, { minutes, lease }) {
    const told = minutes.map(({ minute, points, ...rest }) => ({ minute: Date.parse(minute), points: Number(points), ...rest }));
    const decided = told.filter(({ outcome }) => outcome !== null).map(({ minute }) => minute);
    this.#socket.watchAnswered(sessionId, new Float64Array(decided), lease);
    for (const one of told) this.#minutes.set(one.minute, one);
    const newest = Math.max(...this.#minutes.keys());
    for (const minute of this.#minutes.keys()) if (minute < newest - KNOWN_MS) this.#minutes.delete(minute);
    this.#tell("watched", told);
  }

  #refuse(sessionId, { code, message, field }) {
    // One that another viewer was given, who was signed in before.
    if (field === "lease") return this.#socket.watchAnswered(sessionId, new Float64Array(), undefined);
    this.#isRefused = true;
    this.#tell("fault", new ParlorError(code, message));
  }
}
