// How pages use the packages. It is compiled, never run; a line that must not compile says so.

import { ParlorError, connect } from 'parlor-sdk';
import type { Capability, Outcome, ParlorClient, ParticipantProfile, RedeemOutcome, ShownEvent } from 'parlor-sdk';
import { ParlorOverlay } from '@parlor/overlay';
import type { StartWidget } from '@parlor/overlay';
import { fromVideo } from '@parlor/overlay/players';

export async function follow(room: string): Promise<ParlorClient> {
  const client = await connect({
    server: 'https://parlor.example.com',
    room,
    token: async (reason) => (await fetch(`/parlor-token?why=${reason}`)).text(),
  });
  client.addEventListener('change', () => {
    const names: string[] = client.participants.map(({ name }) => name);
    show(names, client.stage.host?.name ?? 'nobody', client.onlineCount ?? 0);
  });
  client.addEventListener('event', ({ detail }) => note(detail));
  client.addEventListener('connection', ({ detail }) => console.log(detail.state satisfies string));
  client.addEventListener('token-needed', ({ detail }) => {
    if (detail === 'refused') location.assign('/sign-in');
  });
  // @ts-expect-error there is no such event
  client.addEventListener('changed', ({ detail }: CustomEvent<ShownEvent>) => detail);
  return client;
}

export async function goOn(room: string, kept: number | null, signal: AbortSignal): Promise<number | null> {
  const client = await connect({ server: 'https://parlor.example.com', room, startAt: kept, signal });
  addEventListener('pagehide', () => client.pause());
  addEventListener('pageshow', () => client.resume());
  client.addEventListener('event', ({ detail }) => console.log(told(detail)));
  await client.listParticipants({ signal });
  console.log(client.stats.shown, client.clockErrorMs, client.pictureTime);
  // @ts-expect-error where it is, is not to be written
  client.position = 0;
  return client.position;
}

export async function speak(client: ParlorClient): Promise<string> {
  const outcome: Outcome = await client.requestStage();
  if (outcome.ok) return outcome.participant.name;
  // @ts-expect-error a refusal has no participant
  console.log(outcome.participant);
  const { code, field } = outcome.refusal;
  return field === null ? code : `${code}: ${field}`;
}

export async function host(client: ParlorClient, guest: ParticipantProfile): Promise<void> {
  const needed: Capability = 'STAGE_INVITE';
  if (!client.capabilities.includes(needed)) return;
  try {
    await client.invite(guest);
    await client.invite(guest.id);
    await client.grant(guest, 'STAGE_INVITE', { expiresAt: Date.now() + 3_600_000, reason: 'for tonight' });
    await client.handOverHost({ id: guest.id, version: guest.version });
    // @ts-expect-error names are not ids
    await client.invite({ name: guest.name });
    // @ts-expect-error there is no such capability
    await client.grant(guest, 'STAGE_SING');
  } catch (error) {
    if (error instanceof ParlorError) console.log(error.code satisfies string);
  }
  // @ts-expect-error what is read is not to be written
  client.participants.push(guest);
}

export function alert(client: ParlorClient): string | undefined {
  const alerts = client.alerts({ ageMaxMs: Infinity, priority: (event) => (event.type === 'ContributionReceived' ? event.contribution.amount ?? 0 : 1) });
  const onStage = alerts?.look().onStage;
  if (!onStage) return undefined;
  if (onStage.ageMs > onStage.stayMs) alerts.skip() satisfies boolean;
  if (onStage.contribution) return onStage.contribution.name ?? undefined;
  return onStage.burst ? `${onStage.burst.count} gifts` : onStage.event.type;
}

export async function spend(client: ParlorClient): Promise<string> {
  client.followWallet();
  client.addEventListener('wallet', ({ detail }) => console.log(detail?.available, client.wallet?.lastMinute?.outcome, client.wallet?.watching?.stampCard?.stamps));
  client.addEventListener('redemption', ({ detail }) => console.log(detail.key, detail.ok ? detail.redemption.status : detail.refusal.code));
  const [reward] = await client.rewards();
  if (!reward?.standing?.canRedeem) return reward?.standing?.refusal?.code ?? 'nothing';
  const outcome: RedeemOutcome = await client.redeem(reward, { input: reward.input.choices?.[0] ?? 4, key: 'of my own' });
  // @ts-expect-error a title is no reward
  await client.redeem('A song');
  // @ts-expect-error a refusal has no redemption
  return outcome.ok ? outcome.redemption.id : outcome.redemption.id;
}

export function kept(store: Storage): ReturnType<typeof connect> {
  return connect({ server: 'https://parlor.example.com', room: 'r', wallet: true, store });
}

export function overlay(video: HTMLVideoElement): void {
  const element = document.querySelector('parlor-overlay');
  if (!(element instanceof ParlorOverlay)) return;
  element.attachPlayer(fromVideo(video));
  element.player = fromVideo(video);
  element.player = null;
  element.token = null;
  element.room satisfies string;
  element.setAttribute('widgets', 'train alerts stage presence');
  element.addEventListener('parlor-event', ({ detail }) => console.log(told(detail), detail.participant?.name));
  element.addEventListener('parlor-sync', ({ detail }) => detail.source === 'playhead-refused' && console.warn(element.syncSource));
  // @ts-expect-error the player decides that
  element.syncSource = 'playhead';
  element.player = { playhead: () => ({ positionMs: new Date(), playing: true }) };
  // @ts-expect-error in which zone would that be?
  element.player = { playhead: () => ({ positionMs: '2026-01-02T03:04:05', playing: true }) };
  element.addEventListener('parlor-token-expiring', () => element.setToken('another'));
}

function show(names: string[], host: string, online: number): void {
  console.log(names.join(), host, online);
}

function note(event: ShownEvent): void {
  if (event.type === 'ParticipantJoined') console.log(`${event.participant.name} came`);
  else console.log(asked(event));
}

/** Without asking for the type, there may be anything. */
function asked({ participant, contribution, ...event }: ShownEvent): string | undefined {
  // @ts-expect-error not every event is about a train
  console.log(event.train.level);
  return participant?.name ?? contribution?.message ?? event.room?.title ?? event.session?.id ?? event.typeName;
}

export const goal: StartWidget = ({ root }) => ({
  update: ({ train, unknownParts }) => console.log(train?.level, unknownParts.length),
  show({ contribution }) {
    if (contribution?.amount) root.append(`${contribution.name ?? 'Somebody'}: ${contribution.amount}`);
  },
});

/** Every kind is told by its type, and brings what it is about. */
function told(event: ShownEvent): string {
  switch (event.type) {
    case 'RoomUpdated':
      return event.room.title;
    case 'SessionStarted':
    case 'SessionInterrupted':
    case 'SessionResumed':
    case 'SessionEnded':
      return event.session.id;
    case 'ContributionReceived':
      return event.contribution.kind;
    case 'AnnouncementMade':
      return event.announcement.text;
    case 'RewardRedeemed':
      return `${event.redemption.name} redeemed ${event.redemption.title} for ${event.redemption.cost}`;
    case 'Unknown':
      return `${event.typeName} replaces ${event.part}`;
    default:
      return event.train ? event.train.phase : event.participant.name;
  }
}
