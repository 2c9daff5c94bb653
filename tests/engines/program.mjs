// A program that a test needs, with an end: with its own group, so that what it has started ends with it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** How long a program may take to say that it is there, in milliseconds. */
const START_TIMEOUT_MS = 60_000;

const running = new Set();
process.once('exit', () => running.forEach((program) => program.kill()));

export class Program {
  #name;
  #child;
  #said = [];
  #ears = new Set();

  constructor(name, args, env = {}) {
    this.#name = name;
    this.#child = spawn(name, args, { env: { ...process.env, ...env }, detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
    running.add(this);
    this.#child.on('error', (error) => this.#hear(error.message));
    createInterface({ input: this.#child.stderr }).on('line', (line) => this.#hear(line));
  }

  /** Waits for a line that matches `pattern`, and returns what is in its first parentheses. */
  says(pattern) {
    return new Promise((resolve, reject) => {
      const fail = () => reject(new Error(`${this.#name} does not start:\n${this.#said.slice(-5).join('\n')}`));
      const timer = setTimeout(fail, START_TIMEOUT_MS);
      const listen = (line) => {
        const found = pattern.exec(line);
        if (!found) return;
        clearTimeout(timer);
        this.#ears.delete(listen);
        resolve(found[1]);
      };
      this.#child.once('exit', fail);
      this.#ears.add(listen);
      this.#said.forEach(listen);
    });
  }

  kill() {
    running.delete(this);
    try {
      process.kill(-this.#child.pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }

  async end() {
    const ended = this.#child.exitCode === null && this.#child.signalCode === null ? once(this.#child, 'exit') : undefined;
    this.kill();
    await ended;
  }

  #hear(line) {
    this.#said.push(line);
    for (const listen of [...this.#ears]) listen(line);
  }
}
