/**
 * Every subject of DESIGN 3 as a channel of the AsyncAPI document: its address, its account, what goes over it,
 * who may write there, and the stream that keeps it. Data only; knows no schema and no service.
 *
 * `shared/bus/subjects.ts` and `topology.ts` are the truth, which this folder may not import: a test holds the two
 * together, in both directions.
 */
import {
  CHUNK_BYTES,
  ID_PATTERN,
  INLINE_TEXT_LIMIT,
  NAME_PATTERN,
  RESERVED_AGENT,
  SHA256_PATTERN,
} from '../limits.ts';

/** The stream that stores a channel, as far as who uses it must know. Named as in `StreamSpec` of the bus. */
export interface Stream {
  readonly name: string;
  readonly storage: 'file' | 'memory';
  readonly maxPerSubject?: number;
  /** The server confirms nothing: publish, don't wait. */
  readonly noAck?: true;
}

export interface Channel {
  /** A subject with `{parameter}` in the place of a token. */
  readonly address: string;
  readonly account: 'core' | 'swarm';
  readonly title: string;
  readonly about: string;
  readonly writtenBy: string;
  /** Names of messages, of the wire or of `rawMessages`. */
  readonly messages: readonly string[];
  readonly stream?: Stream;
}

const mail: Stream = { name: 'WG_{project}_MAIL', storage: 'file' };
const mailAbout = `Kept without limit of age or size; bodies over ${INLINE_TEXT_LIMIT} bytes travel through FILES. The server's word that a mail is stored is its receipt.`;
const beatStream: Stream = { name: 'WG_{project}_BEAT', storage: 'memory', maxPerSubject: 1, noAck: true };
const liveAbout =
  'What MAIL has stored, published again for plain subscriptions. Gaps are closed with `read`.';
const byTheServer = 'the server alone, out of MAIL';
const asItself = 'anyone, as itself';
const request = {
  claim: [
    'A worker or committer asks for work and waits; repeating the same request is always safe.',
    asItself,
  ],
  command: ['Operators and agents change the board; idempotent by id, answered once it is stored.', asItself],
  query: ['Questions about the board, answered by the leader from what is stored.', asItself],
  read: [
    'Stored mail, file chunks, output and last beats, for those who hold no rights on JetStream.',
    asItself,
  ],
  control: [
    'What a running worker or committer is told: answered when an answer is awaited. Here `agent` is the one that is told.',
    'the orchestrator and operators',
  ],
} as const;

const requestChannel = (service: keyof typeof request, message: string): Channel => ({
  address: `wg.{project}.${service}.{agent}`,
  account: 'swarm',
  title: `Requests: ${service}`,
  about: request[service][0],
  writtenBy: request[service][1],
  messages: [message],
});

const replies = ['ClaimAnswer', 'CommandAnswer', 'QueryAnswer', 'ReadAnswer', 'ControlAnswer'];

/** The channels by their keys in the document. */
export const channels: Readonly<Record<string, Channel>> = {
  journal: {
    address: 'wg.{project}.journal',
    account: 'core',
    title: 'JOURNAL',
    about:
      'The append-only log of events, the only truth about tasks: one message a batch, appended with the last sequence of the stream as expectation.',
    writtenBy: 'the leading orchestrator',
    messages: ['Batch'],
    stream: { name: 'WG_{project}_JOURNAL', storage: 'file' },
  },
  snapshot: {
    address: 'wg.{project}.snapshot.{n}',
    account: 'core',
    title: 'SNAPSHOTS',
    about: 'The state that folding the journal up to a batch gives, so that a start need not fold it all.',
    writtenBy: 'the leading orchestrator',
    messages: ['Snapshot'],
    stream: { name: 'WG_{project}_SNAPSHOTS', storage: 'file' },
  },
  leaders: {
    address: '$KV.WG_LEADERS_{project}.{role}',
    account: 'core',
    title: 'LEADERS',
    about:
      'A key-value bucket with one key for each role that is led: who leads renews it by compare-and-swap. It only decides who tries; the journal decides who leads.',
    writtenBy: 'services, each for its own role',
    messages: ['LeaderMark'],
    stream: { name: 'KV_WG_LEADERS_{project}', storage: 'file', maxPerSubject: 1 },
  },
  mailTopic: {
    address: 'wg.{project}.mail.{from}.topic.{topic}',
    account: 'swarm',
    title: 'MAIL to a topic',
    about: mailAbout,
    writtenBy: asItself,
    messages: ['Mail'],
    stream: mail,
  },
  mailAgent: {
    address: 'wg.{project}.mail.{from}.agent.{to}',
    account: 'swarm',
    title: 'MAIL to an agent',
    about: `${mailAbout} Mail of kind \`report\` to \`${RESERVED_AGENT}\` carries a report on a grant.`,
    writtenBy: asItself,
    messages: ['Mail'],
    stream: mail,
  },
  mailReceipt: {
    address: 'wg.{project}.mail.{from}.receipt.{mail}',
    account: 'swarm',
    title: 'MAIL on what became of a mail',
    about:
      'Mail of kind `receipt`: the mail at that sequence was delivered to the sender of this one, read or acknowledged by it. Each at most once.',
    writtenBy: 'whoever got the mail, as itself',
    messages: ['Mail'],
    stream: mail,
  },
  liveMailTopic: {
    address: 'wg.{project}.live.mail.{from}.topic.{topic}',
    account: 'swarm',
    title: 'Stored mail to a topic, live',
    about: liveAbout,
    writtenBy: byTheServer,
    messages: ['LiveMail'],
  },
  liveMailAgent: {
    address: 'wg.{project}.live.mail.{from}.agent.{to}',
    account: 'swarm',
    title: 'Stored mail to an agent, live',
    about: liveAbout,
    writtenBy: byTheServer,
    messages: ['LiveMail'],
  },
  liveMailReceipt: {
    address: 'wg.{project}.live.mail.{from}.receipt.{mail}',
    account: 'swarm',
    title: 'Stored receipts, live',
    about: liveAbout,
    writtenBy: byTheServer,
    messages: ['LiveMail'],
  },
  beat: {
    address: 'wg.{project}.beat.{agent}',
    account: 'swarm',
    title: 'BEAT',
    about:
      'The last heartbeat of each agent, every third of a lease and at each change. In memory: gone after a restart of the bus.',
    writtenBy: 'workers and services, as themselves; plain publishes',
    messages: ['Beat'],
    stream: beatStream,
  },
  presence: {
    address: 'wg.{project}.presence.{agent}',
    account: 'swarm',
    title: 'BEAT: presence',
    about:
      "The last sign of somebody without a heartbeat: who sends, follows or reads mail. Kept with the heartbeats; its time is the server's.",
    writtenBy: 'anyone, as itself; plain publishes',
    messages: ['Presence'],
    stream: beatStream,
  },
  output: {
    address: 'wg.{project}.output.{agent}.{run}',
    account: 'swarm',
    title: 'OUTPUT',
    about: 'What a harness prints, as it comes. Bounded by age and bytes: the oldest goes first.',
    writtenBy: 'workers, as themselves; plain publishes',
    messages: ['Output'],
    stream: { name: 'WG_{project}_OUTPUT', storage: 'file', noAck: true },
  },
  file: {
    address: 'wg.{project}.files.{agent}.{digest}.{n}',
    account: 'swarm',
    title: 'FILES',
    about: `Bundles, checkpoints and evidence as content-addressed chunks of at most ${CHUNK_BYTES} bytes. A message refers to one by owner, SHA-256, size and number of chunks (\`FileRef\`).`,
    writtenBy: asItself,
    messages: ['FileChunk'],
    stream: { name: 'WG_{project}_FILES', storage: 'file', maxPerSubject: 1 },
  },
  leader: {
    address: 'wg.{project}.leader',
    account: 'swarm',
    title: "The leader's word",
    about: 'A new leader names its term; whoever waits for a grant sends its claim again. Not stored.',
    writtenBy: 'the leading orchestrator',
    messages: ['LeaderNotice'],
  },
  claim: requestChannel('claim', 'Claim'),
  command: requestChannel('command', 'Command'),
  query: requestChannel('query', 'Query'),
  read: requestChannel('read', 'Read'),
  control: requestChannel('control', 'Control'),
  inbox: {
    address: '_INBOX.{project}.{agent}.{instance}.{connection}.{request}',
    account: 'swarm',
    title: "An asker's inbox",
    about:
      'Where the answer to one request goes: its NATS reply subject, always under the inbox prefix of whoever asked. Not stored.',
    writtenBy: 'whoever answers the request',
    messages: replies,
  },
};

interface Parameter {
  readonly description: string;
  readonly examples: readonly string[];
}

const name = `\`${NAME_PATTERN}\``;
const id = `\`${ID_PATTERN}\``;
const parameter = (description: string, example: string): Parameter => ({ description, examples: [example] });

/** What may stand in the places of an address. */
export const parameters: Readonly<Record<string, Parameter>> = {
  project: parameter(`The project: ${name}`, 'demo'),
  agent: parameter(
    `An agent, ${name}: whoever speaks, unless the channel says otherwise. Permissions on subjects make it true, a payload never does.`,
    'w1',
  ),
  from: parameter(`The sender, ${name}. Permissions on subjects make it true, a payload never does.`, 'w1'),
  to: parameter(`The agent that the mail is for: ${name}`, RESERVED_AGENT),
  mail: parameter('The sequence in MAIL of the mail that it is about', '17'),
  topic: parameter(`The topic: ${name}`, 'task'),
  role: parameter('What is led: `orchestrator` or `stale-takeover`', 'orchestrator'),
  run: parameter(`The id of a run: ${id}, as one token`, 'gen-7'),
  digest: parameter(`The SHA-256 of the whole file, in hex: \`${SHA256_PATTERN}\``, 'a'.repeat(64)),
  n: parameter('The number of a chunk, from 0, or of a snapshot', '0'),
  instance: parameter('Random, one for each start of the agent', 'k3v9q0x2mz'),
  connection: parameter('Random, one for each connection', 'q7w1e5r9t3y6u2i8o4pa'),
  request: parameter('One for each request of the connection', '1'),
};
