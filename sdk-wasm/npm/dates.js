// Times as an application has them.

/** What is said, once, of a player whose places are refused. What it said is written after it. */
export const REFUSED =
  "parlor: the player says what cannot be where its picture is. positionMs is the picture's program date-time, as a Date or in milliseconds since 1970. It said";

/**
 * Milliseconds since 1970: of a number or bigint as it is, and of a date, be it another window's or a library's. No
 * number of anything else: in which zone a text was meant is not known.
 */
export function millis(time) {
  try {
    const value = time.valueOf();
    return typeof value === "number" || typeof value === "bigint" ? Number(value) : NaN;
  } catch {
    return NaN;
  }
}

/** The same of what an application is told at once is no time, by the `name` that it has there. */
export function instant(time, name) {
  const date = new Date(millis(time));
  if (Number.isNaN(date.getTime())) throw new TypeError(`${name} is no time: give milliseconds since 1970, or a Date`);
  return date;
}
