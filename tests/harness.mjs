// Starts a real server on a free loopback port with a database of its own, and speaks to it.

import { spawn, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { randomBytes, randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';

const PARLOR =
  process.env.PARLOR_BIN ?? fileURLToPath(new URL('../target/debug/parlor', import.meta.url));

/** How long a server may take to say where it listens, in milliseconds. */
const START_TIMEOUT_MS = 30_000;

/** Servers that run. They end with this process, however it ends. */
const running = new Set();
process.once('exit', () => running.forEach((server) => server.abandon()));
for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143]]) {
  process.once(signal, () => process.exit(code));
}

export class Server {
  #program;
  #child;
  #folder;
  #env;
  #listen = '127.0.0.1:0';
  #log = [];

  /**
   * Starts a server, with `settings` from its environment. Call `stop` when done; a test that
   * forgets leaves nothing running either.
   */
  static async start(settings = {}, program = PARLOR) {
    const server = new Server();
    server.#program = program;
    server.#folder = mkdtempSync(join(tmpdir(), 'parlor-test-'));
    running.add(server);
    server.#env = {
      ...process.env,
      PARLOR_JWT_SECRET: randomBytes(32).toString('hex'),
      PARLOR_DATABASE: `sqlite://${join(server.#folder, 'parlor.db')}`,
      ...settings,
    };
    try {
      await server.#launch();
    } catch (error) {
      // Nobody has it, to stop it.
      await server.kill();
      server.#forget();
      throw error;
    }
    return server;
  }

  /** `http://127.0.0.1:<port>`; the same over restarts. */
  get url() {
    return `http://${this.#listen}`;
  }

  get socketUrl() {
    return `ws://${this.#listen}/graphql/ws`;
  }

  /** Makes a tenant, and a token for a member of its staff. */
  createTenant(tenantId) {
    return this.#token(['--tenant', tenantId, '--create-tenant', 'a tenant', '--role', 'staff', '--subject', 'a-member-of-staff']);
  }

  /** Makes a token for somebody who watches, by the tenant's own id. */
  viewerToken(tenantId, subject, { ttl = '1h' } = {}) {
    return this.#token(['--tenant', tenantId, '--role', 'viewer', '--subject', subject, '--ttl', ttl]);
  }

  #token(args) {
    return execFileSync(this.#program, ['token', ...args], {
      env: this.#env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  }

  /** Ends the server as an administrator would: it drains, and tells its sockets to come back. */
  async drain() {
    await this.#end('SIGTERM');
  }

  /** Ends the server as a power cut would. */
  async kill() {
    await this.#end('SIGKILL');
  }

  /** Starts it again, on the same port and the same database; ends it before as a power cut would, if nobody has. */
  async restart() {
    await this.kill();
    await this.#launch();
  }

  async stop() {
    await this.#end('SIGTERM');
    this.#forget();
  }

  /** Ends it without waiting, for when there is no time left. */
  abandon() {
    this.#child?.kill('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #forget() {
    running.delete(this);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #end(signal) {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  async #launch() {
    this.#child = spawn(this.#program, ['serve', '--listen', this.#listen], {
      env: this.#env,
      cwd: this.#folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const child = this.#child;
    createInterface({ input: child.stderr }).on('line', (line) => this.#log.push(line));

    this.#listen = await new Promise((resolve, reject) => {
      const timeout = setTimeout(() => fail('the server said nothing'), START_TIMEOUT_MS);
      const fail = (why) => {
        clearTimeout(timeout);
        reject(new Error([why, ...this.#log.slice(-5)].join('\n')));
      };
      child.once('error', (error) => fail(error.message));
      child.once('exit', (code) => fail(`the server ended with ${code}`));
      createInterface({ input: child.stdout }).on('line', (line) => {
        const address = line.match(/http:\/\/(127\.0\.0\.1:\d+)/)?.[1];
        if (address) {
          clearTimeout(timeout);
          resolve(address);
        }
      });
    });
  }
}

/** A tenant with a member of its staff, and what they do in these tests. */
export class Staff {
  constructor(server) {
    this.server = server;
    this.tenantId = randomUUID();
    this.token = server.createTenant(this.tenantId);
  }

  /** Runs an operation. Throws what stands under `errors`, and returns `data`. */
  async graphql(query, variables = {}) {
    const response = await fetch(`${this.server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${this.token}` },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = await response.json();
    if (errors) throw new Error(errors.map((error) => error.message).join('; '));
    return data;
  }

  /** Runs a mutation whose result is `type`, and throws a refusal. */
  async #mutate(name, inputType, type, fields, input) {
    const data = await this.graphql(
      `mutation($input: ${inputType}!) { result: ${name}(input: $input) {
         __typename ... on ${type} { ${fields} } ... on Error { code message } } }`,
      { input },
    );
    if (data.result.__typename !== type) {
      throw new Error(`${name}: ${data.result.code}: ${data.result.message}`);
    }
    return data.result;
  }

  /** An open room with a live session. */
  async openRoom(settings = {}) {
    const room = await this.#mutate('createRoom', 'CreateRoomInput', 'Room', 'id slug', {
      slug: `room-${randomBytes(4).toString('hex')}`,
      title: 'A room',
      state: 'OPEN',
      anonymousRead: true,
      ...settings,
    });
    await this.#mutate('startSession', 'StartSessionInput', 'Session', 'id', { roomId: room.id });
    return room;
  }

  /** A settled donation. Amounts are in cents. */
  async donate(roomId, { key = randomUUID(), amount = 500, viewer = 'viewer-1', message } = {}) {
    return this.#mutate(
      'recordContribution',
      'RecordContributionInput',
      'Contribution',
      'id hype occurredAt',
      {
        roomId,
        idempotencyKey: key,
        kind: 'DONATION',
        amount: String(amount),
        currency: 'EUR',
        viewerId: viewer,
        viewerName: viewer,
        message,
      },
    );
  }

  /** Lets a viewer into a room, and makes them its owner. */
  async makeOwner(roomId, viewerId, name) {
    const joined = await this.#mutate('joinRoom', 'JoinRoomInput', 'Participant', 'id version', { roomId, viewerId, name });
    const owner = { roomId, participantId: joined.id, version: joined.version, role: 'OWNER' };
    return this.#mutate('assignRole', 'AssignRoleInput', 'Participant', 'id version', owner);
  }

  async createOverlayToken(roomId) {
    return this.#mutate(
      'createOverlayToken',
      'CreateOverlayTokenInput',
      'CreatedOverlayToken',
      'secret browserSourceUrl overlayToken { id }',
      { roomId, label: 'a test' },
    );
  }
}
