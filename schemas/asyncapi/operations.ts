/**
 * What the services do on the channels, as operations of the AsyncAPI document: who sends, who receives, who answers
 * with what. Data only; knows no schema.
 *
 * A request is described from both sides. `queue` is the group in which several services share the requests.
 */

export type Service = 'orchestrator' | 'worker' | 'committer' | 'stale-takeover' | 'cli';

export interface Operation {
  readonly action: 'send' | 'receive';
  /** A key of `channels`. */
  readonly channel: string;
  readonly services: readonly Service[];
  readonly summary: string;
  readonly queue?: string;
  /** The message that answers. */
  readonly reply?: string;
}

const everyone: readonly Service[] = ['orchestrator', 'worker', 'committer', 'stale-takeover', 'cli'];
const agents: readonly Service[] = ['worker', 'committer'];
const watchers: readonly Service[] = ['orchestrator', 'stale-takeover'];
const orchestrator: readonly Service[] = ['orchestrator'];

/** The services, as the tags of their operations. */
export const services: Readonly<Record<Service, string>> = {
  orchestrator: 'Owns the board. Several may run; one leads.',
  worker: 'Runs one agent harness for each grant it holds.',
  committer: 'Turns submissions into commits on the branch of a lane.',
  'stale-takeover':
    'Watches beats and progress, and reports grants whose owner is gone. Several may run; one leads.',
  cli: 'What people and agents use: `waggle` and `fmail`.',
};

/** The operations by their keys in the document. */
export const operations: Readonly<Record<string, Operation>> = {
  appendBatch: {
    action: 'send',
    channel: 'journal',
    services: orchestrator,
    summary: 'The leader stores a batch of events, and answers nobody before it stands.',
  },
  foldJournal: {
    action: 'receive',
    channel: 'journal',
    services: orchestrator,
    summary: 'Whoever begins to lead folds the journal into the board.',
  },
  storeSnapshot: {
    action: 'send',
    channel: 'snapshot',
    services: orchestrator,
    summary: 'The leader stores the state up to a batch.',
  },
  loadSnapshot: {
    action: 'receive',
    channel: 'snapshot',
    services: orchestrator,
    summary: 'Whoever begins to lead starts from the newest snapshot that verifies.',
  },
  holdLead: {
    action: 'send',
    channel: 'leaders',
    services: watchers,
    summary: 'Who leads says so again, several times a lease, and gives the role up when it leaves.',
  },
  watchLead: {
    action: 'receive',
    channel: 'leaders',
    services: watchers,
    summary: 'The others wait for a lease of silence by their own clocks.',
  },
  mailTopic: {
    action: 'send',
    channel: 'mailTopic',
    services: everyone,
    summary: 'Mail to everybody who follows a topic; announcements of the board among them.',
  },
  mailAgent: {
    action: 'send',
    channel: 'mailAgent',
    services: everyone,
    summary: 'Mail to one agent; reports on grants go to the orchestrator.',
  },
  mailReceipt: {
    action: 'send',
    channel: 'mailReceipt',
    services: ['worker', 'cli'],
    summary: 'Whoever handed out, read or acknowledged a mail says so.',
  },
  readReceipts: {
    action: 'receive',
    channel: 'mailReceipt',
    services: orchestrator,
    summary: 'The leader watches the delivery of letters; the rest is read for those who ask `read`.',
  },
  readTopicMail: {
    action: 'receive',
    channel: 'mailTopic',
    services: orchestrator,
    summary: 'Read out of MAIL for those who ask `read`.',
  },
  readAgentMail: {
    action: 'receive',
    channel: 'mailAgent',
    services: orchestrator,
    summary: 'The leader consumes its own mail in order; the rest is read for those who ask `read`.',
  },
  followTopic: {
    action: 'receive',
    channel: 'liveMailTopic',
    services: ['worker', 'cli'],
    summary: 'Mail to a topic as it is stored.',
  },
  followAgent: {
    action: 'receive',
    channel: 'liveMailAgent',
    services: ['worker', 'cli'],
    summary: 'Mail to an agent as it is stored.',
  },
  followReceipts: {
    action: 'receive',
    channel: 'liveMailReceipt',
    services: ['cli'],
    summary: 'What becomes of a mail, as it is told.',
  },
  beat: {
    action: 'send',
    channel: 'beat',
    services: ['worker', 'committer', 'stale-takeover'],
    summary: 'A sign of life, with the grants that it renews.',
  },
  watchBeats: {
    action: 'receive',
    channel: 'beat',
    services: watchers,
    summary: 'Signs of life are noted; a silent owner loses its grant after a lease.',
  },
  showPresence: {
    action: 'send',
    channel: 'presence',
    services: ['worker', 'cli'],
    summary: 'A sign of whoever uses mail.',
  },
  watchPresence: {
    action: 'receive',
    channel: 'presence',
    services: orchestrator,
    summary: 'Told to those who ask `read`; a name that lives is not given to another.',
  },
  relayOutput: {
    action: 'send',
    channel: 'output',
    services: ['worker'],
    summary: 'What the harness prints.',
  },
  followOutput: {
    action: 'receive',
    channel: 'output',
    services: ['orchestrator', 'cli'],
    summary: 'Followed live by people; the past is read for those who ask `read`.',
  },
  storeChunk: {
    action: 'send',
    channel: 'file',
    services: everyone,
    summary: 'One chunk of a file, stored again without harm.',
  },
  readChunk: {
    action: 'receive',
    channel: 'file',
    services: orchestrator,
    summary: 'Read out of FILES for those who ask `read`.',
  },
  announceLeader: {
    action: 'send',
    channel: 'leader',
    services: orchestrator,
    summary: 'A new leader names its term, once its first event stands.',
  },
  hearLeader: {
    action: 'receive',
    channel: 'leader',
    services: agents,
    summary: 'Claims that wait are sent again.',
  },
  claim: {
    action: 'send',
    channel: 'claim',
    services: agents,
    summary: 'Asks for a grant and waits for it; may bring the report on the last one.',
    reply: 'ClaimAnswer',
  },
  serveClaims: {
    action: 'receive',
    channel: 'claim',
    services: orchestrator,
    summary: 'The leader holds a claim until a task fits or the wait ends.',
    reply: 'ClaimAnswer',
  },
  command: {
    action: 'send',
    channel: 'command',
    services: ['worker', 'cli'],
    summary: 'Asks the board for a change.',
    reply: 'CommandAnswer',
  },
  serveCommands: {
    action: 'receive',
    channel: 'command',
    services: orchestrator,
    summary: 'The leader decides, stores, and answers with the result or the refusal.',
    reply: 'CommandAnswer',
  },
  query: {
    action: 'send',
    channel: 'query',
    services: ['worker', 'committer', 'stale-takeover', 'cli'],
    summary: 'Asks the board a question.',
    reply: 'QueryAnswer',
  },
  serveQueries: {
    action: 'receive',
    channel: 'query',
    services: orchestrator,
    summary: 'The leader answers from what is stored.',
    reply: 'QueryAnswer',
  },
  read: {
    action: 'send',
    channel: 'read',
    services: ['worker', 'committer', 'stale-takeover', 'cli'],
    summary: 'Asks for what the streams hold.',
    reply: 'ReadAnswer',
  },
  serveReads: {
    action: 'receive',
    channel: 'read',
    services: orchestrator,
    summary: 'Every orchestrator answers, leading or not, in one queue group.',
    queue: 'wg-{project}-read',
    reply: 'ReadAnswer',
  },
  control: {
    action: 'send',
    channel: 'control',
    services: ['orchestrator', 'cli'],
    summary:
      'Tells a running agent what to do; that a grant ended is a hint, sent without awaiting an answer.',
    reply: 'ControlAnswer',
  },
  serveControl: {
    action: 'receive',
    channel: 'control',
    services: agents,
    summary: 'Does what it is told, and answers when an answer is awaited.',
    reply: 'ControlAnswer',
  },
};
