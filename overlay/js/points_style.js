/** How the points button and its list look. `--d` is the overlay's unit; what is operated is never smaller than a finger. */
export const STYLE = `
[hidden] { display: none !important; }
.frame {
  --t: max(11px, calc(var(--d) * 22));
  --line: color-mix(in srgb, var(--text) 16%, transparent);
  position: absolute;
  inset: 0 0 var(--floor);
  display: flex;
  flex-direction: column-reverse;
  align-items: flex-start;
  gap: calc(var(--d) * 12);
  font-size: var(--t);
  font-weight: 600;
  line-height: 1.25;
}
.right { align-items: flex-end; }
.raised { bottom: calc(var(--floor) + var(--d) * 220); }
button, input, select { font: inherit; color: inherit; letter-spacing: inherit; margin: 0; border: 0; pointer-events: auto; }
button { cursor: pointer; }
:focus-visible { outline: max(2px, calc(var(--d) * 3)) solid var(--accent); outline-offset: 2px; }
.panel:focus-visible { outline: none; }
.points {
  order: -1;
  position: relative;
  flex: none;
  display: flex;
  align-items: center;
  gap: .4em;
  height: max(28px, calc(var(--d) * 54));
  padding: 0 .8em 0 .55em;
  border-radius: var(--r);
  background: var(--surface);
  box-shadow: inset 0 0 0 max(1px, calc(var(--d) * 1.5)) rgb(255 255 255 / .14), 0 calc(var(--d) * 4) calc(var(--d) * 14) rgb(0 0 0 / .35);
  font-size: max(12px, calc(var(--d) * 28));
}
.points b { font-weight: 800; }
svg { width: 1.15em; height: 1.15em; fill: var(--accent); fill-rule: evenodd; flex: none; }
.gain { position: absolute; left: 100%; margin-left: .5em; padding: .1em .5em; border-radius: .5em; background: var(--accent); color: var(--on-accent); font-weight: 800; opacity: 0; pointer-events: none; }
.right .gain { left: auto; right: 100%; margin: 0 .5em 0 0; }
.panel {
  box-sizing: border-box;
  display: flex;
  flex-direction: column;
  min-height: 0;
  width: min(100%, max(260px, calc(var(--d) * 520)));
  max-height: min(100%, max(150px, calc(var(--d) * 700)));
  border-radius: var(--r);
  /* A theme's surface lets the picture through. Three of it do not, and what is read here stands over alerts. */
  background: linear-gradient(var(--surface) 0 0), linear-gradient(var(--surface) 0 0), var(--surface);
  box-shadow: inset 0 0 0 max(1px, calc(var(--d) * 1.5)) rgb(255 255 255 / .14), 0 calc(var(--d) * 6) calc(var(--d) * 22) rgb(0 0 0 / .45);
  pointer-events: auto;
}
header { display: flex; align-items: center; gap: .6em; padding: .35em .35em .35em .9em; border-bottom: 1px solid var(--line); }
h2 { flex: none; margin: 0; font-size: 1.1em; font-weight: 800; }
.balance { flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; color: var(--muted); text-align: end; }
.close { flex: none; width: max(24px, calc(var(--d) * 44)); height: max(24px, calc(var(--d) * 44)); padding: 0; border-radius: .4em; background: none; font-size: 1.3em; line-height: 1; }
.close:hover { background: var(--line); }
ul { margin: 0; padding: 0; list-style: none; overflow-y: auto; overscroll-behavior: contain; }
li { padding: .55em .9em .6em; border-inline-start: max(3px, calc(var(--d) * 6)) solid var(--reward); }
li + li { border-top: 1px solid var(--line); }
.barred { border-inline-start-color: var(--line); }
.what, .how { display: flex; gap: .6em; align-items: baseline; }
.how { align-items: center; margin-top: .35em; }
.what b { flex: 1; min-width: 0; overflow-wrap: anywhere; font-weight: 750; font-size: 1.08em; }
.icon, .cost { flex: none; }
.cost { font-weight: 800; }
.barred :is(.what, .prompt) { color: var(--muted); }
/* What asks nothing has its button beside its cost. */
.plain form { display: flex; flex-wrap: wrap; align-items: center; gap: 0 .8em; }
.plain .what { flex: 1; min-width: 60%; }
.plain .how { margin: 0; }
.plain .prompt { order: 1; width: 100%; margin: 0; }
.plain .note { order: 2; width: 100%; }
.prompt, .note { margin: .15em 0 0; color: var(--muted); font-weight: 550; overflow-wrap: anywhere; }
.panel > .note { margin: 0; padding: .8em .9em; }
.note:empty { display: none; }
.wrong { color: var(--text); font-weight: 700; }
.field { flex: 1; min-width: 0; display: flex; }
input, select { box-sizing: border-box; width: 100%; height: max(24px, calc(var(--d) * 46)); padding: 0 .6em; border-radius: .4em; background: color-mix(in srgb, var(--text) 12%, transparent); user-select: text; }
input::placeholder { color: var(--muted); opacity: 1; }
option { color: #10151f; background: #fff; }
[aria-invalid="true"] { box-shadow: inset 0 0 0 2px var(--accent); }
li button { flex: none; height: max(24px, calc(var(--d) * 46)); padding: 0 .9em; border-radius: .4em; background: var(--accent); color: var(--on-accent); font-weight: 800; }
li button[aria-disabled="true"] { background: var(--line); color: var(--muted); cursor: default; }
.unseen { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); }
`;
