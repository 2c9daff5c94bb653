
const byId = (id) => document.getElementById(id);
const [token, run, stop, state, examples, source, variables, answer, search, types] =
  ['token', 'run', 'stop', 'state', 'examples', 'document', 'variables', 'answer', 'search', 'types'].map(byId);

// What comes in the fragment never reaches the server's log: #room=…&token=…
const given = new URLSearchParams(location.hash.slice(1));
const room = given.get('room') ?? '';
token.value = given.get('token') ?? sessionStorage.getItem('token') ?? '';
if (given.has('token')) {
  history.replaceState(null, '', room ? `#room=${room}` : location.pathname);
  sessionStorage.setItem('token', token.value);
}

const EXAMPLES = {
  'A room and its train': [`query Room($id: ID!) {
  room(id: $id) {
    title state version
    session { startedAt delayMs }
    hypeTrain { phase level progress goal total expiresAt }
  }
}`, { id: room }],
  'All rooms': [`query Rooms($page: ConnectionInput) {
  roomsConnection(page: $page) {
    totalCount
    nodes { id slug title state }
    pageInfo { hasNextPage endCursor }
  }
}`, { page: { first: 20 } }],
  'Record a contribution': [`mutation Record($input: RecordContributionInput!) {
  recordContribution(input: $input) {
    __typename
    ... on Contribution { id hype recordedAt }
    ... on ValidationError { message field constraint }
    ... on Error { message code }
  }
}`, {
    input: {
      roomId: room, idempotencyKey: 'by-hand-1', kind: 'DONATION', amount: '500', currency: 'EUR',
      viewerId: 'me', viewerName: 'Me', message: 'Hello from the explorer',
    },
  }],
  'Follow a room': [`subscription Follow($room: ID!) {
  liveRoom(roomId: $room) {
    epoch afterSeq throughSeq recovered
    snapshot { __typename seq }
    events {
      __typename seq occurredAt displayAt
      ... on ContributionReceived { contribution { name kind amount currency hype } }
      ... on HypeTrainProgressed { train { level progress goal } }
      ... on HypeTrainLeveledUp { train { level progress goal lastReward } }
    }
  }
}`, { room }],
  'Make a room': [`mutation Make($input: CreateRoomInput!) {
  createRoom(input: $input) {
    __typename
    ... on Room { id slug version }
    ... on ValidationError { message field constraint }
    ... on Error { message code }
  }
}`, { input: { slug: 'my-show', title: 'My show', state: 'OPEN', anonymousRead: true } }],
};

for (const name of Object.keys(EXAMPLES)) examples.append(new Option(name));
const choose = () => {
  const [text, values] = EXAMPLES[examples.value];
  source.value = text;
  variables.value = JSON.stringify(values, null, 2);
};
examples.addEventListener('change', choose);
if (!room) examples.value = 'All rooms';
choose();
token.addEventListener('change', () => sessionStorage.setItem('token', token.value));

let cancel = null;
const show = (text, bad) => {
  answer.textContent = text;
  answer.classList.toggle('bad', bad);
};
const finish = (text) => {
  cancel = null;
  stop.disabled = true;
  state.textContent = text;
};

async function post(query, values, signal) {
  const headers = { 'content-type': 'application/json', accept: 'application/graphql-response+json, application/json' };
  if (token.value) headers.authorization = `Bearer ${token.value}`;
  const response = await fetch(location.pathname, {
    method: 'POST', headers, signal, body: JSON.stringify({ query, variables: values }),
  });

  return response.json();
}

async function ask(query, values) {
  const abort = new AbortController();
  cancel = () => abort.abort();
  const startedAt = performance.now();
  try {
    const result = await post(query, values, abort.signal);
    show(JSON.stringify(result, null, 2), Boolean(result.errors));
    finish(`${Math.round(performance.now() - startedAt)} ms`);
  } catch (error) {
    show(`No answer: ${error.message}`, true);
    finish('');
  }
}

// The newest messages of a subscription that stay on the page.
const MESSAGES_SHOWN = 50;

function follow(query, values) {
  const address = new URL('graphql/ws', new URL('.', location.href));
  address.protocol = address.protocol.replace('http', 'ws');
  const socket = new WebSocket(address, 'graphql-transport-ws');
  const send = (message) => socket.send(JSON.stringify(message));
  const messages = [];
  let ended = '';
  cancel = () => { ended = 'stopped'; socket.close(1000); };
  state.textContent = 'connecting';
  show('', false);
  socket.onopen = () => send({
    type: 'connection_init', payload: token.value ? { Authorization: `Bearer ${token.value}` } : {},
  });
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (message.type === 'ping') send({ type: 'pong', payload: message.payload });
    if (message.type === 'connection_ack') {
      state.textContent = 'following';
      send({ type: 'subscribe', id: '1', payload: { query, variables: values } });
    }
    if (message.type === 'next' || message.type === 'error') {
      messages.unshift(JSON.stringify(message.payload, null, 2));
      messages.length = Math.min(messages.length, MESSAGES_SHOWN);
      show(messages.join('\n\n'), message.type === 'error');
    }
    if (message.type === 'error' || message.type === 'complete') {
      ended = message.type === 'error' ? 'refused' : 'complete';
      socket.close(1000);
    }
  };
  socket.onclose = ({ code, reason }) => finish(ended || `closed: ${code} ${reason}`);
}

function start() {
  cancel?.();
  let values = {};
  try {
    values = variables.value.trim() ? JSON.parse(variables.value) : {};
  } catch (error) {
    return show(`The variables are not JSON: ${error.message}`, true);
  }
  stop.disabled = false;
  state.textContent = 'asking';
  if (/^\s*(#.*\s+)*subscription\b/.test(source.value)) follow(source.value, values);
  else ask(source.value, values);
}

run.addEventListener('click', start);
stop.addEventListener('click', () => cancel?.());
document.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    start();
  }
});

const REFERENCE = 'kind name ofType { kind name ofType { kind name ofType { kind name } } }';
const SCHEMA = `{ __schema {
  queryType { name } mutationType { name } subscriptionType { name }
  types {
    kind name description
    fields { name description args { name type { ${REFERENCE} } } type { ${REFERENCE} } }
    inputFields { name description defaultValue type { ${REFERENCE} } }
    enumValues { name description }
    possibleTypes { name }
  }
} }`;

const written = (type) => {
  if (type.kind === 'NON_NULL') return `${written(type.ofType)}!`;
  return type.kind === 'LIST' ? `[${written(type.ofType)}]` : type.name;
};
const element = (name, text, ...children) => {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  made.append(...children);
  return made;
};

function member({ name, description, args, type, defaultValue }) {
  const given = args?.length ? `(${args.map((arg) => `${arg.name}: ${written(arg.type)}`).join(', ')})` : '';
  const line = `${name}${given}${type ? `: ${written(type)}` : ''}${defaultValue ? ` = ${defaultValue}` : ''}`;
  return element('li', '', element('code', line), ...(description ? [element('p', description)] : []));
}

function card(type, isRoot) {
  const details = element('details', '', element('summary', type.name));
  details.open = isRoot;
  if (type.description) details.append(element('p', type.description));
  const members = type.fields ?? type.inputFields ?? type.enumValues ?? type.possibleTypes ?? [];
  details.append(element('ul', '', ...members.map(member)));
  return details;
}

async function readSchema() {
  const { data, errors } = await post(SCHEMA, {});
  if (!data) throw new Error(errors?.[0]?.message);
  const { queryType, mutationType, subscriptionType } = data.__schema;
  const roots = [queryType, mutationType, subscriptionType].map((type) => type.name);
  const order = (type) => (roots.includes(type.name) ? roots.indexOf(type.name) : roots.length);
  const shown = data.__schema.types
    .filter((type) => !type.name.startsWith('__'))
    .sort((a, b) => order(a) - order(b) || a.name.localeCompare(b.name));
  types.replaceChildren(...shown.map((type) => card(type, roots.includes(type.name))));
}

search.addEventListener('input', () => {
  const wanted = search.value.trim().toLowerCase();
  for (const details of types.querySelectorAll('details')) {
    details.hidden = !details.textContent.toLowerCase().includes(wanted);
  }
});
readSchema().catch((error) => { types.textContent = `The schema cannot be read: ${error.message}`; });
