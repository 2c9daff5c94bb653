/** Asks players, which are anybody's code, where their picture is. */

import { millis } from "./dates.js";

const number = (value) => (typeof value === "number" ? value : NaN);

/** What each player answered last, or threw. */
export const answers = new WeakMap();

/**
 * Where the picture will be in `leadMs`, as numbers that the module knows by their order: the position and the rate,
 * how often was sought, when that was so, and whether it plays and is a frame's. Nothing if the player does not know;
 * none of them if it threw.
 */
export function ask(player, leadMs) {
  try {
    const answer = player.playhead();
    if (answer === undefined || answer === null) return undefined;
    answers.set(player, answer);
    const rate = number(answer.rate ?? 1);
    const playing = Number(Boolean(answer.playing));
    const positionMs = millis(answer.positionMs) + leadMs * rate * playing;
    return [positionMs, rate, number(answer.seeks), number(answer.atMs), playing, Number(answer.quality === "frame")];
  } catch (error) {
    if (Object(player) === player) answers.set(player, error);
    return [];
  }
}
