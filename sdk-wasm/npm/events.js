// Events as pages see them, read from what came by the tables of `kinds.js`.

import { caught } from "./caught.js";
import { ENUMERATIONS, KINDS, RECORDS } from "./kinds.js";

const INT_MAX = 2 ** 31;

/** A text in JSON, or a number with a fraction or an exponent. */
const TEXT_OR_FRACTION = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+[.eE][\d.eE+-]*/g;

/** Each reads a value, or returns `undefined` if it is none. */
const READERS = {
  text: (value) => (typeof value === "string" ? value : undefined),
  truth: (value) => (typeof value === "boolean" ? value : undefined),
  small: (value) => (Number.isInteger(value) && value >= -INT_MAX && value < INT_MAX ? value : undefined),
  whole: (value) => {
    if (typeof value !== "string" || !/^-?\d{1,19}$/.test(value)) return undefined;
    const whole = BigInt(value);
    return BigInt.asIntN(64, whole) === whole ? Number(whole) : undefined;
  },
  time: (value) => {
    const at = typeof value === "string" ? Date.parse(value) : NaN;
    // Only what is exactly of the form is a time.
    return at === at && new Date(at).toISOString() === value ? at : undefined;
  },
};

/** Reads one value of what a table calls `form`. */
function one(form, value) {
  if (Object.hasOwn(READERS, form)) return READERS[form](value);
  if (Object.hasOwn(RECORDS, form)) return record(RECORDS[form], value);
  if (typeof value !== "string") return undefined;
  return ENUMERATIONS[form].includes(value) ? value : "UNKNOWN";
}

function field(form, value) {
  if (form.endsWith("?")) return value === undefined || value === null ? null : one(form.slice(0, -1), value);
  if (!form.endsWith("[]")) return one(form, value);
  if (!Array.isArray(value)) return undefined;
  const list = value.map((item) => one(form.slice(0, -2), item));
  return list.includes(undefined) ? undefined : list;
}

function record(fields, value) {
  if (typeof value !== "object" || value === null) return undefined;
  const read = {};
  for (const [name, form] of Object.entries(fields)) {
    read[name] = field(form, value[name]);
    if (read[name] === undefined) return undefined;
  }
  return read;
}

/** To the core `1.0` and `1e3` are no integers, and then they are none here: what one reads, the other must. */
function parse(json) {
  return JSON.parse(json.replace(TEXT_OR_FRACTION, (found) => (found.startsWith('"') ? found : "0.5")));
}

/** Reads what an event is about: the field's name, and what is in it. Nothing if it cannot be read. */
const content = caught((type, json) => {
  if (!Object.hasOwn(KINDS, type)) return undefined;
  const [subject, form] = KINDS[type];
  const about = one(form, parse(json)[subject]);
  return about && { [subject]: about };
});

/** Reads an event that the module hands on: its stamps, and in `json` all of it as it came. */
export function readEvent({ type, json, ...stamps }) {
  const about = content(type, json);
  return about ? { type, ...stamps, ...about } : { type: "Unknown", ...stamps, typeName: type };
}

/** Whether an event can be read. The module asks: what cannot takes the place of nothing that can. */
export function canRead(type, json) {
  return content(type, json) !== undefined;
}
