// How the overlay's pen writes numbers, and what it makes of a page's wishes, on elements that the test holds.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pen } from '../../target/overlay/pen.js';

/** A pen for one element, what was written to it, and what the page wishes of it. */
function drawing() {
  const written = {};
  const wishes = { 'font-size': '24px', '--parlor-motion': '' };
  const element = { style: { setProperty: (name, value) => (written[name] = value) } };
  const window = {
    CSSStyleSheet: class {
      replaceSync() {}
    },
    getComputedStyle: () => ({ getPropertyValue: (name) => wishes[name] ?? 'rgb(1, 2, 3)' }),
    matchMedia: () => ({ matches: false }),
  };
  const root = { querySelectorAll: () => [element] };
  const host = { shadowRoot: root, ownerDocument: { defaultView: window }, clientWidth: 960 };
  return { pen: new Pen(host, '', '', '.stage', '.wish'), written, wishes };
}

test('numbers are written as their precision has them', () => {
  const { pen, written } = drawing();
  const single = Math.fround;
  for (const [act, given, name, expected] of [
    ['opacity', [single(0.45)], 'opacity', '0.45'],
    ['opacity', [single(0.29)], 'opacity', '0.29'],
    ['opacity', [1.5], 'opacity', '1'],
    ['opacity', [-0.5], 'opacity', '0'],
    ['opacity', [NaN], 'opacity', '0'],
    ['fill', [single(0.57)], 'transform', 'scaleX(0.57)'],
    ['shift', [single(95.2), single(-0.3)], 'transform', 'translateX(calc(var(--d) * 952 / 10)) translateY(calc(var(--d) * -3 / 10))'],
    ['drive', [single(0.29), single(95.2), single(0.57)], 'transform', 'translateX(calc(.01% * 2900 + var(--d) * 952 / 10 + .1cqw * 570))'],
    ['whole', ['--roll', single(95.9), 'deg'], '--roll', '95deg'],
    ['grow', [single(0.2999)], 'transform', 'scale(1.299)'],
    ['grow', [0], 'transform', ''],
  ]) {
    pen[act](0, ...given);
    assert.equal(written[name], expected, act);
  }
});

test('a wish is one value, whatever lines it has, and nothing is seen twice', () => {
  const { pen, wishes } = drawing();
  const expected = (still) => ['960', String(still), '24px', 'rgb(1, 2, 3)'].join('\n');
  assert.equal(pen.look(), expected(false));
  assert.equal(pen.look(), undefined);
  wishes['--parlor-motion'] = 'a\nb';
  assert.equal(pen.look(), undefined);
  wishes['--parlor-motion'] = '\n none ';
  assert.equal(pen.look(), expected(true));
});
