// What the npm package asks of the server is what the schema takes, and how it keeps a good token.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { readFileSync } from 'node:fs';
import { buildSchema, getOperationAST, getVariableValues, isUnionType, parse, validate } from 'graphql';
import { openPackagePage } from './package_page.mjs';

const schema = buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'));

/** A participant as the server tells of them, to whoever may know all. */
const ADA = {
  __typename: 'Participant',
  id: 'UGFydGljaXBhbnQ6MQ==',
  name: 'Ada',
  role: 'MEMBER',
  membership: 'JOINED',
  stageRole: 'REQUESTED',
  requestedSeq: '9007199254740991',
  isListed: true,
  isOnline: true,
  version: 3,
  joinedAt: '2026-01-02T03:04:05.678Z',
  leftAt: null,
  private: { viewerId: 'ada', capabilities: ['STAGE_SPEAK'] },
};

let opened;
let page;

before(async () => {
  opened = await openPackagePage();
  page = opened.page;
});

after(async () => {
  await opened?.close();
});

beforeEach(async () => {
  await page.reload();
  await page.evaluate(async (ada) => {
    window.asked = [];
    window.good = 'good';
    const load = window.fetch;
    // Stands for a server that lets in one token and answers everything with Ada.
    window.fetch = async (url, options) => {
      if (!options) return load(url);
      const { body, headers } = options;
      const token = headers.authorization?.replace('Bearer ', '');
      const request = JSON.parse(body);
      window.asked.push({ ...request, token });
      if (token !== window.good) {
        const errors = [{ message: 'no', extensions: { code: 'UNAUTHENTICATED' } }];
        return new Response(JSON.stringify({ errors }), { status: 401 });
      }
      const [, field] = /\{ (\w+)/.exec(request.query);
      const page = { nodes: [ada], pageInfo: { endCursor: 'next', hasNextPage: true }, totalCount: 7 };
      return Response.json({
        data: {
          [field]: window.refusal ?? ada,
          roomAccess: { participant: ada, capabilities: ['STAGE_SPEAK'] },
          participant: ada,
          participantsConnection: page,
        },
      });
    };
    const { connect, ParlorError } = await import('/index.js');
    window.ParlorError = ParlorError;
    window.open = (token) => connect({ server: 'http://127.0.0.1:9', room: 'Um9vbTox', token });
  }, ADA);
});

/** Takes every step that a client has, and returns what was asked for. */
async function takeEveryStep() {
  return page.evaluate(async () => {
    const client = await window.open('good');
    const other = { id: 'UGFydGljaXBhbnQ6Mg==', version: 5 };
    await client.join({ name: 'Ada' });
    await client.rename('Ada L.');
    await client.rename('Ben', other);
    await client.requestStage();
    await client.withdraw();
    await client.invite(other);
    await client.invite('UGFydGljaXBhbnQ6Mw==');
    await client.decline();
    await client.decline(other);
    await client.joinStage();
    await client.leaveStage();
    await client.moveToAudience(other);
    await client.handOverHost(other);
    await client.remove(other);
    await client.remove(other, { reason: 'rude' });
    await client.readmit(other);
    await client.assignRole(other, 'MODERATOR');
    await client.grant(other, 'STAGE_INVITE', { expiresAt: new Date(2_000_000_000_000), reason: 'tonight' });
    await client.grant(other, 'STAGE_INVITE');
    await client.deny(other, 'STAGE_SPEAK', { expiresAt: 2_000_000_000_000 });
    await client.clearGrant(other, 'STAGE_INVITE');
    await client.clearDenial(other, 'STAGE_SPEAK');
    await client.participant(other.id);
    await client.listParticipants();
    await client.listParticipants({ first: 10, after: 'x', role: 'OWNER', stageRole: 'HOST' });
    await client.leave();
    client.close();
    return window.asked;
  });
}

test('every operation is one that the schema takes', async () => {
  const asked = await takeEveryStep();

  for (const { query, variables } of asked) {
    const document = parse(query);
    assert.deepEqual(validate(schema, document).map(String), [], query);
    const definitions = getOperationAST(document).variableDefinitions;
    const { errors } = getVariableValues(schema, definitions, variables);
    assert.deepEqual(errors, undefined, `${JSON.stringify(variables)} for ${query}`);
  }
});

test('whatever the schema lets people do, the package can do', async () => {
  const changesPeople = Object.values(schema.getMutationType().getFields()).filter(({ type }) => {
    const result = type.ofType ?? type;
    return isUnionType(result) && result.getTypes().some((one) => one.name === 'Participant');
  });
  const asked = new Set(
    (await takeEveryStep()).map(({ query }) => parse(query).definitions[0].selectionSet.selections[0].name.value),
  );

  assert.ok(changesPeople.length >= 18, `${changesPeople.length} mutations of participants`);
  assert.deepEqual(changesPeople.map(({ name }) => name).filter((name) => !asked.has(name)), []);
});

test('an outcome carries the participant in plain numbers', async () => {
  const outcome = await page.evaluate(async () => (await window.open('good')).join({ name: 'Ada' }));

  assert.deepEqual(outcome, {
    ok: true,
    participant: {
      id: ADA.id,
      name: 'Ada',
      role: 'MEMBER',
      membership: 'JOINED',
      stageRole: 'REQUESTED',
      requestedSeq: Number.MAX_SAFE_INTEGER,
      isListed: true,
      isOnline: true,
      version: 3,
      joinedAt: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
      leftAt: null,
      viewerId: 'ada',
      capabilities: ['STAGE_SPEAK'],
    },
  });
});

test('a refusal is a value with a code, and a fault is thrown with one', async () => {
  const [refused, early, thrown] = await page.evaluate(async () => {
    window.refusal = { __typename: 'ConflictError', code: 'STAGE_FULL', message: 'the stage is full' };
    const client = await window.open('good');
    const refused = await client.joinStage().then(() => client.invite({ id: 'x', version: 1 }));
    const anonymous = await window.open(undefined);
    const early = await anonymous.requestStage();
    window.good = 'another';
    const thrown = await client.join({ name: 'Ada' }).catch((error) => [error instanceof window.ParlorError, error.code]);
    return [refused, early, thrown];
  });

  assert.deepEqual(refused, {
    ok: false,
    refusal: { type: 'ConflictError', code: 'STAGE_FULL', message: 'the stage is full', field: null, constraint: null },
  });
  assert.equal(early.refusal.code, 'NOT_JOINED');
  assert.deepEqual(thrown, [true, 'UNAUTHENTICATED']);
});

test('a refused token is replaced once, whoever finds out, and nothing is lost', async () => {
  const result = await page.evaluate(async () => {
    const reasons = [];
    const client = await window.open(async (reason) => {
      reasons.push(reason);
      return reason === 'start' ? 'good' : 'better';
    });
    window.good = 'better';
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => client.join({ name: 'Ada' })));
    return { reasons, done: outcomes.filter(({ ok }) => ok).length };
  });

  assert.deepEqual(result, { reasons: ['start', 'refused'], done: 10 });
});

test('a source that goes on giving bad tokens is asked at a distance', async () => {
  const { reasons, codes } = await page.evaluate(async () => {
    const reasons = [];
    const client = await window.open(async (reason) => `bad ${reasons.push(reason)}`);
    const first = await client.join({ name: 'Ada' }).catch((error) => error.code);
    const second = client.join({ name: 'Ada' }).catch((error) => error.code);
    const soon = new Promise((done) => setTimeout(done, 1_000, 'waits'));
    return { reasons, codes: [first, await Promise.race([second, soon])] };
  });

  assert.deepEqual(codes, ['UNAUTHENTICATED', 'waits']);
  assert.deepEqual(reasons, ['start', 'refused']);
});

test('without a token to be had an operation says so', async () => {
  const code = await page.evaluate(async () => {
    const client = await window.open((reason) => (reason === 'start' ? 'old' : Promise.reject(new Error('signed out'))));
    return client.join({ name: 'Ada' }).catch((error) => error.code);
  });

  assert.equal(code, 'TOKEN_UNAVAILABLE');
});

test('a token that an operation came by serves the socket, which asks for none of its own', async () => {
  const { reasons, tokens } = await page.evaluate(async () => {
    const sockets = [];
    // Stands for the server's socket: lets everyone in, and tells of the first token's end when asked to.
    window.WebSocket = class extends EventTarget {
      constructor() {
        super();
        sockets.push(this);
        queueMicrotask(() => this.dispatchEvent(new Event('open')));
      }
      send(text) {
        const { type, payload } = JSON.parse(text);
        if (type !== 'connection_init') return;
        this.token = payload.Authorization;
        this.say({ type: 'connection_ack' });
      }
      say(message) {
        this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(message) }));
      }
      close() {}
    };
    const until = async (holds) => { while (!holds()) await new Promise(requestAnimationFrame); };
    const reasons = [];
    const client = await window.open(async (reason) => {
      reasons.push(reason);
      return reason === 'start' ? 'good' : 'better';
    });
    await until(() => sockets[0]?.token);
    window.good = 'better';
    await client.join({ name: 'Ada' });
    sockets[0].say({ type: 'ping', payload: { serverSentAt: Date.now(), tokenExpiresAt: Date.now() + 50_000 } });
    await until(() => sockets[1]?.token);
    client.close();
    return { reasons, tokens: sockets.map(({ token }) => token) };
  });

  assert.deepEqual(reasons, ['start', 'refused']);
  assert.deepEqual(tokens, ['Bearer good', 'Bearer better']);
});
