// What is tried in every engine. Each is called with a visitor, whose browser another scenario has had before.

import { ELEMENT } from './element.mjs';
import { PLAYERS } from './players.mjs';
import { SHARING } from './sharing.mjs';
import { SHOW } from './show.mjs';
import { WINDOWS } from './windows.mjs';

export const SCENARIOS = Object.entries({ ...ELEMENT, ...PLAYERS, ...SHARING, ...SHOW, ...WINDOWS });
