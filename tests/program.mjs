// A program that a test needs, with an end: with its own group, so that what it has started ends with it.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** What a program has said that an error tells of, in lines. */
const LAST_WORDS = 5;

const running = new Set();
process.once('exit', () => running.forEach((program) => program.kill()));

export class Program {
  #name;
  #child;
  #said = [];
  #ears = new Set();
  #ended;
  #hasEnded = false;

  constructor(name, args, env = {}) {
    this.#name = name;
    this.#child = spawn(name, args, { env: { ...process.env, ...env }, detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
    running.add(this);
    createInterface({ input: this.#child.stderr }).on('line', (line) => this.#hear(line));
    // One that could not be started has no exit.
    this.#ended = new Promise((done) => {
      this.#child.once('exit', done);
      this.#child.once('error', (error) => {
        this.#hear(error.message);
        done();
      });
    }).then(() => (this.#hasEnded = true));
  }

  /** Waits for a line that matches `pattern`, and returns what is in its first parentheses. Fails if the program ends. */
  async says(pattern) {
    let listen;
    const found = new Promise((resolve) => {
      listen = (line) => {
        const match = pattern.exec(line);
        if (match) resolve(match[1]);
      };
      this.#ears.add(listen);
      this.#said.forEach(listen);
    });
    try {
      return await Promise.race([found, this.failure()]);
    } finally {
      this.#ears.delete(listen);
    }
  }

  /** Fails once the program has ended, with the last that it said. */
  async failure() {
    await this.#ended;
    this.throwIfEnded();
  }

  throwIfEnded() {
    if (this.#hasEnded) throw new Error([`${this.#name} has ended`, ...this.#said.slice(-LAST_WORDS)].join('\n'));
  }

  kill() {
    running.delete(this);
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }

  async end() {
    this.kill();
    await this.#ended;
  }

  #hear(line) {
    this.#said.push(line);
    for (const listen of [...this.#ears]) listen(line);
  }
}
