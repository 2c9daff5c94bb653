// What is on stage: people, and alerts one at a time; and a network that comes back under it.

import assert from 'node:assert/strict';

/** This machine by an address that no page takes for it, so that a network may lie in between. */
const elsewhere = (server) => ({ url: server.url.replace('127.0.0.1', '[::ffff:127.0.0.1]') });

export const SHOW = {
  async 'who takes the stage is seen there, under the name that they gave, whatever it looks like'(visitor) {
    const { server, staff } = visitor;
    const room = await staff.openRoom();
    const name = '<img src=x onerror="window.pwned=true">';
    await staff.makeOwner(room.id, 'mira', name);
    await visitor.follow(room, { attributes: 'placement="source" widgets="stage presence"' });
    const tokens = ['mira', 'ben'].map((subject) => server.viewerToken(staff.tenantId, subject));
    const { names, host, count } = await visitor.run(async ({ url, room, tokens, name }) => {
      const { connect } = await import(`${url}/sdk/index.js`);
      const [mira, ben] = await Promise.all(tokens.map((token) => connect({ server: url, room, token })));
      await until(() => mira.me);
      const done = (outcome) => {
        if (!outcome.ok) throw new Error(outcome.refusal.code);
      };
      done(await mira.joinStage());
      done(await ben.join({ name: 'Ben' }));
      done(await ben.requestStage());
      await until(() => mira.stage.queue.length);
      done(await mira.invite(ben.me.id));
      await until(() => ben.me.stageRole === 'INVITED');
      done(await ben.joinStage());
      const isSeen = (of) => of.checkVisibility({ opacityProperty: true });
      const seats = () => [...overlay().shadowRoot.querySelectorAll('[part="seat"]')].filter(isSeen);
      const named = () => seats().map((seat) => seat.querySelector('[part="seat-name"]').textContent);
      await until(() => named().length === 2 && named()[0] === name && part('presence-count').textContent.endsWith('2'));
      await until(() => mira.stage.speakers.some(({ id }) => id === ben.me.id));
      done(await mira.handOverHost(ben.me.id));
      const isHost = (seat) => isSeen(seat.querySelector('[part="seat-host"]'));
      const host = () => seats().filter(isHost).map((seat) => seat.querySelector('[part="seat-name"]').textContent);
      await until(() => host().length === 1 && host()[0] === 'Ben');
      return { names: named(), host: host(), count: /\d+$/.exec(part('presence-count').textContent)[0] };
    }, { url: server.url, room: room.id, tokens, name });

    assert.deepEqual([names, host, count], [[name, 'Ben'], ['Ben'], '2']);
    assert.equal(await visitor.run(() => window.pwned ?? null), null);
    assert.deepEqual(await visitor.faults(), []);
  },

  async 'alerts come one at a time, and what cannot is shown as one or counted'(visitor) {
    const { server, staff } = visitor;
    const room = await staff.openRoom();
    await visitor.open('');
    await visitor.run(async ({ url, room }) => {
      const { connect } = await import(`${url}/sdk/index.js`);
      window.client = await connect({ server: url, room });
      await until(() => window.client.connection.state === 'live');
      window.alerts = window.client.alerts({ priority: ({ contribution }) => (contribution.name === 'Zoe' ? 1 : Number.NaN) });
      window.alerts.pause();
    }, { url: server.url, room: room.id });
    for (let number = 1; number <= 5; number += 1) await staff.donate(room.id, { amount: 100, viewer: `viewer ${number}` });
    await staff.donate(room.id, { amount: 100, viewer: 'Zoe' });
    const { paused, first, skipped, second, nextChangeInMs, counts } = await visitor.run(async () => {
      const { alerts } = window;
      await until(() => alerts.look().backlog === 6);
      const paused = alerts.look();
      alerts.resume();
      const first = alerts.look().onStage;
      const skipped = alerts.skip();
      await until(() => {
        const { onStage } = alerts.look();
        return onStage && onStage.number !== first.number;
      });
      const { onStage: second, nextChangeInMs, ...counts } = alerts.look();
      return { paused, first, skipped, second, nextChangeInMs, counts };
    });

    assert.deepEqual(paused, { onStage: null, nextChangeInMs: null, isPaused: true, backlog: 6, shown: 0, expired: 0, cleared: 0 });
    assert.equal(first.contribution.name, 'Zoe');
    assert.equal(first.event.type, 'ContributionReceived');
    assert.equal(first.burst, null);
    assert.equal(skipped, true);
    assert.equal(second.contribution, null);
    assert.equal(second.event, null);
    const names = [1, 2, 3, 4, 5].map((number) => `viewer ${number}`);
    assert.deepEqual(second.burst, { count: 5, hype: 500, peopleCount: 5, hasMorePeople: false, names, amount: 500, currency: 'EUR', points: null });
    assert.ok(nextChangeInMs > 0 && nextChangeInMs <= second.stayMs + second.leaveMs, `${nextChangeInMs} ms`);
    assert.deepEqual(counts, { isPaused: false, backlog: 0, shown: 6, expired: 0, cleared: 0 });

    // Its client is closed: it stands.
    const closed = await visitor.run(() => {
      window.client.close();
      return { onStage: window.alerts.look().onStage?.number, another: window.client.alerts() };
    });
    assert.deepEqual(closed, { onStage: second.number, another: null });
    assert.deepEqual(await visitor.faults(), []);
  },

  async 'a wait ends when the network is back, whatever the timers say'(visitor) {
    const { server, staff } = visitor;
    const room = await staff.openRoom();
    await visitor.follow(room, { at: elsewhere(server) });
    // Only the browser's word can end the wait.
    await visitor.run(async () => {
      stopTimers();
      await twoFrames();
    });
    await server.kill();
    await visitor.run(() => until(() => seen.states.at(-1) === 'waiting'));
    await server.restart();
    await staff.donate(room.id, { message: 'while away' });
    await visitor.run(() => {
      dispatchEvent(new Event('online'));
      return untilShown('while away');
    });

    assert.deepEqual(await visitor.run(() => seen.states.slice(-3)), ['waiting', 'connecting', 'live']);
    assert.deepEqual(await visitor.run(() => seen.faults), []);
  },
};
