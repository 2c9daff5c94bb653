// Alerts one at a time: the module's queue, with what each is of as pages see it.

import { readEvent } from "./events.js";

/** What a queue calls to be told how much an event's alert matters. */
export function prioritised(priority) {
  return priority && ((event) => priority(readEvent(event)));
}

export class AlertQueue {
  #queue;

  /** Takes over a queue of the module's. */
  constructor(queue) {
    this.#queue = queue;
  }

  look() {
    const now = this.#queue.look();
    if (!now.onStage) return now;
    const event = now.onStage.event && readEvent(now.onStage.event);
    return { ...now, onStage: { ...now.onStage, event, contribution: event?.contribution ?? null } };
  }

  pause() {
    this.#queue.pause();
  }

  resume() {
    this.#queue.resume();
  }

  skip() {
    return this.#queue.skip();
  }

  free() {
    this.#queue.free();
  }
}
