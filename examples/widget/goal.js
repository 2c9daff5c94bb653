// A widget of one's own: what this show has raised of its goal, and who gave last.

const GOAL_CENTS = 50_000;

const STYLE = `
  div { position: absolute; right: 0; bottom: 0; padding: .5em .8em; border-radius: var(--r);
        background: var(--surface); color: var(--text); font-size: calc(var(--d) * 28); }
  i { display: block; height: .5em; border-radius: .25em; background: var(--accent); transform-origin: 0; }
`;

export default function start({ root, theme }) {
  const sheet = new root.ownerDocument.defaultView.CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];
  const [plate, words, bar] = ["div", "span", "i"].map((name) => document.createElement(name));
  plate.append(words, bar);
  root.append(plate);
  const counted = new Set();
  let raised = 0;
  let drawn = 0;

  return {
    show({ contribution }) {
      // After a seek back the same comes again.
      if (!contribution?.amount || counted.has(contribution.id)) return;
      counted.add(contribution.id);
      raised += contribution.amount;
      // Text, never markup: a name is what somebody typed.
      words.textContent = `${contribution.name ?? "Somebody"} · €${Math.floor(raised / 100)}`;
    },
    frame() {
      drawn = theme.isStill ? raised : drawn + (raised - drawn) / 8;
      bar.style.setProperty("transform", `scaleX(${Math.min(1, drawn / GOAL_CENTS)})`);
    },
  };
}
