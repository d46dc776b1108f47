import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { messages as table } from '../../../schemas/generate.ts';
import type { MessageName } from '../../../schemas/index.ts';
import { type EndpointOptions, serveRequests } from '../../../services/orchestrator/endpoints.ts';
import { type ReadServiceOptions, serveReads } from '../../../services/orchestrator/read-service.ts';
import { type ControlDeskOptions, serveControl } from '../../../shared/agent/control-desk.ts';
import type { HeldGrant } from '../../../shared/agent/held-grant.ts';
import { type LeaderRole, leaderSubject } from '../../../shared/bus/leadership.ts';
import type { Bus, StreamSpec, Subscription } from '../../../shared/bus/port.ts';
import {
  mailRoute,
  type Service,
  type Subjects,
  senderOf,
  subjectsOf,
} from '../../../shared/bus/subjects.ts';
import { topology } from '../../../shared/bus/topology.ts';
import { silentLog } from '../../../shared/log.ts';
import {
  type ChannelObject,
  channelsOf,
  document,
  faults,
  nameOf,
  patternOf,
  placesOf,
  readDocument,
  refsIn,
  resolve,
} from './asyncapi-document.ts';
import { rules } from './asyncapi-rules.ts';

const project = 'hive';
const subjects = subjectsOf(project);
const streams = topology(project);
const { channels, operations, components } = document;
const all = Object.entries(channels);

const sorted = (texts: Iterable<string>): string[] => [...new Set(texts)].sort();
const bySubject = (a: { subject: string }, b: { subject: string }) => (a.subject < b.subject ? -1 : 1);
const exampleOf = (name: string): string => components.parameters[name]!.examples[0];
/** An address with the examples of its places. */
const filled = (address: string) => address.replaceAll(/\{(\w+)\}/g, (_, name: string) => exampleOf(name));
const golden = <T>(name: string): T => {
  const file = new URL(`../../../schemas/golden/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as T;
};

/** Of the message table, what lies in a file or goes over an agent's socket. */
const elsewhere = ['ConfigFile', 'SocketLine', 'SocketRequest'];
const wire = Object.keys(table).filter((name) => !elsewhere.includes(name));

describe('the document', () => {
  const isValid = new Ajv({ strict: false }).compile(rules);

  it('has the fields that AsyncAPI 3.0 demands, and none that it does not know', () => {
    isValid(document);
    expect(isValid.errors).toBeNull();
  });

  it.each<[string, (broken: Record<string, Record<string, Record<string, unknown>>>) => void]>([
    ['another version', (broken) => Object.assign(broken, { asyncapi: '2.6.0' })],
    ['no title', ({ info }) => delete info!['title']],
    ['a server without a protocol', ({ servers }) => delete servers!['core']!['protocol']],
    ['an operation without an action', ({ operations }) => delete operations!['claim']!['action']],
    ['a channel with an unknown field', ({ channels }) => Object.assign(channels!['claim']!, { topic: 'x' })],
    [
      "messages of an operation that are not its channel's",
      ({ operations }) =>
        Object.assign(operations!['claim']!, { messages: [{ $ref: '#/components/messages/Claim' }] }),
    ],
    [
      'a discriminator of another dialect',
      ({ components }) => Object.assign(components!['schemas']!['Report']!, { discriminator: { a: 1 } }),
    ],
  ])('would be refused with %s', (_, breakIt) => {
    const broken = readDocument();
    breakIt(broken as unknown as Record<string, Record<string, Record<string, unknown>>>);
    expect(isValid(broken)).toBe(false);
  });

  it('has only references that lead somewhere', () => {
    const refs = refsIn(document);
    expect(refs.length).toBeGreaterThan(100);
    expect(refs.filter((ref) => resolve(ref) === undefined)).toEqual([]);
  });

  it('describes each place of an address, and no other', () => {
    for (const { address, parameters } of Object.values(channels)) {
      expect(Object.keys(parameters)).toEqual(placesOf(address));
    }
    const used = all.flatMap(([, { parameters }]) => Object.values(parameters).map(nameOf));
    expect(sorted(used)).toEqual(sorted(Object.keys(components.parameters)));
  });

  it('has operations on every channel, with messages of that channel alone', () => {
    const served = Object.values(operations).flatMap((operation) => [
      nameOf(operation.channel),
      ...(operation.reply === undefined ? [] : [nameOf(operation.reply.channel)]),
    ]);
    expect(sorted(served)).toEqual(sorted(Object.keys(channels)));
    for (const { channel, messages, reply } of Object.values(operations)) {
      for (const [place, refs] of [
        [channel, messages] as const,
        [reply?.channel, reply?.messages] as const,
      ]) {
        expect((refs ?? []).filter(({ $ref }) => !$ref.startsWith(`${place?.$ref}/messages/`))).toEqual([]);
      }
    }
  });

  it('tags operations with services that it introduces', () => {
    const used = Object.values(operations).flatMap(({ tags }) => tags.map(({ name }) => name));
    expect(sorted(used)).toEqual(sorted(document.info.tags.map(({ name }) => name)));
  });

  it('carries the version of the package', () => {
    const { version } = JSON.parse(
      readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
    ) as {
      version: string;
    };
    expect(document.info.version).toBe(version);
  });
});

describe('the subjects', () => {
  const services: Readonly<Record<Service, true>> = {
    claim: true,
    command: true,
    query: true,
    read: true,
    control: true,
  };
  const mails = (['topic', 'agent', 'receipt'] as const).map((kind) =>
    subjects.mail('*', { kind, name: '*' }),
  );
  /** Those whose arguments are not all tokens. A subject that is new needs a row only for the same reason. */
  const special: Partial<Record<keyof Subjects, readonly string[]>> = {
    prefix: [],
    // Filters over what `mail` gives.
    mailTo: [],
    mailFamily: [],
    mail: mails,
    live: mails.map((mail) => subjects.live(mail)),
    request: (Object.keys(services) as Service[]).map((service) => subjects.request(service, '*')),
    // A prefix: the connection and each request add a token.
    inbox: [`${subjects.inbox('*', '*')}.*.*`],
  };
  const plain = (value: unknown): string =>
    typeof value === 'function' ? String(value(...Array(value.length).fill('*'))) : String(value);
  const made = [
    ...Object.entries(subjects).flatMap(([key, value]) => special[key as keyof Subjects] ?? [plain(value)]),
    leaderSubject(project, '*' as LeaderRole),
  ];
  const specs: readonly (readonly [account: string, StreamSpec])[] = [
    ...streams.core.map((spec) => ['core', spec] as const),
    ...streams.swarm.map((spec) => ['swarm', spec] as const),
  ];
  const addresses = all.map(([, { address }]) => patternOf(address, project));

  it('of the code each have a channel', () => {
    expect(made.length).toBeGreaterThan(10);
    expect(made.filter((subject) => !addresses.includes(subject))).toEqual([]);
  });

  it('of the channels each are made by the code, and none is there twice', () => {
    const stored = specs.flatMap(([, spec]) => spec.subjects);
    expect(addresses.filter((address) => ![...made, ...stored].includes(address))).toEqual([]);
    expect(sorted(addresses)).toEqual([...addresses].sort());
  });

  it('with the examples of their places belong to one channel each', () => {
    for (const [key, { address }] of all) {
      expect(channelsOf(filled(address))).toEqual([key]);
    }
  });

  it('name the sender where the code reads it', () => {
    for (const { address } of Object.values(channels)) {
      const places = placesOf(address);
      const route = mailRoute(filled(address));
      if (places.includes('from')) {
        const kinds = { topic: 'topic', to: 'agent', mail: 'receipt' } as const;
        const place = places.find((one) => one in kinds) as keyof typeof kinds;
        expect(route).toEqual({
          from: exampleOf('from'),
          to: { kind: kinds[place], name: exampleOf(place) },
        });
      } else {
        expect(route).toBeUndefined();
        if (places.includes('agent') && address.startsWith('wg.')) {
          expect(senderOf(filled(address))).toBe(exampleOf('agent'));
        }
      }
    }
  });

  it('stand in the stream that the topology gives them, in its account', () => {
    const told = all.flatMap(([, { address, servers, 'x-stream': stream }]) => {
      if (stream === undefined) return [];
      const name = stream.name.replace('{project}', project);
      return [{ ...stream, name, subject: patternOf(address, project), account: servers.map(nameOf).join() }];
    });
    const covers = (pattern: string, subject: string) =>
      new RegExp(
        `^${pattern.replaceAll(/[.$]/g, '\\$&').replaceAll('*', '[^.]+').replace(/>$/, '.+')}$`,
      ).test(subject);
    const wanted = specs.flatMap(([account, spec]) => {
      const { name, storage, maxPerSubject, noAck } = spec;
      const inIt = addresses.filter((address) => spec.subjects.some((pattern) => covers(pattern, address)));
      expect(inIt, `a channel for ${name}`).not.toEqual([]);
      return inIt.map((subject) => ({
        name,
        storage,
        ...(maxPerSubject === undefined ? {} : { maxPerSubject }),
        ...(noAck === undefined ? {} : { noAck }),
        subject,
        account,
      }));
    });
    expect(told.sort(bySubject)).toEqual(wanted.sort(bySubject));
  });

  it('of republished mail are where the topology publishes it again', () => {
    const republished = specs.flatMap(([, { republish }]) => (republish === undefined ? [] : [republish]));
    expect(republished).toHaveLength(1);
    for (const { from, to } of republished) {
      const [start, end] = [from, to].map((pattern) => pattern.replace(/>$/, '')) as [string, string];
      const stored = addresses.filter((address) => address.startsWith(start));
      const live = addresses.filter((address) => address.startsWith(end));
      expect(sorted(live)).toEqual(sorted(stored.map((address) => address.replace(start, end))));
      expect(live).not.toEqual([]);
    }
  });
});

describe('the operations that answer', () => {
  it('are those that the services subscribe to, in the same queue group', async () => {
    const heard: { subject: string; queue?: string }[] = [];
    const swarm = {
      subscribe(subject: string, options: { queue?: string } = {}): Subscription {
        heard.push({ subject, ...options });
        return { close() {}, async *[Symbol.asyncIterator]() {} };
      },
    } as unknown as Bus;
    const options = { swarm, project, log: silentLog };
    const held = (): HeldGrant[] => [];
    const serving = [
      serveRequests(options as unknown as EndpointOptions),
      serveReads(options as unknown as ReadServiceOptions),
      serveControl({ ...options, agent: '*', held } as unknown as ControlDeskOptions),
    ];
    await Promise.all(serving.map((endpoint) => endpoint.stop()));

    const told = Object.values(operations)
      .filter(({ action, reply }) => action === 'receive' && reply !== undefined)
      .map(({ channel, bindings }) => ({
        subject: patternOf((resolve(channel) as ChannelObject).address, project),
        ...(bindings === undefined ? {} : { queue: bindings.nats.queue.replace('{project}', project) }),
      }));
    expect(told.sort(bySubject)).toEqual(heard.sort(bySubject));
  });

  it('are asked by somebody who awaits the same answer', () => {
    const pairs = (action: string) =>
      Object.values(operations)
        .filter((one) => one.reply !== undefined && one.action === action)
        .map(({ channel, reply }) => [channel.$ref, reply?.messages[0]?.$ref].join(' '));
    expect(pairs('send').sort()).toEqual(pairs('receive').sort());
  });
});

describe('the messages', () => {
  const placed = new Set(all.flatMap(([, { messages }]) => Object.values(messages).map(nameOf)));

  it('all go over a channel, by themselves or within another', () => {
    const inside = new Set<string>();
    const follow = (part: unknown) => {
      for (const ref of refsIn(part)) {
        if (inside.has(nameOf(ref))) continue;
        inside.add(nameOf(ref));
        follow(resolve(ref));
      }
    };
    for (const name of placed) follow(components.messages[name]?.payload);
    expect(wire.filter((name) => !inside.has(name))).toEqual([]);
    expect(sorted(Object.keys(components.schemas))).toEqual(sorted(inside));
    for (const name of elsewhere) expect(components.schemas).not.toHaveProperty(name);
  });

  it('of the document each go over a channel', () => {
    expect(sorted(Object.keys(components.messages))).toEqual(sorted(placed));
  });

  it.each(wire)('of the golden samples of %s are valid by the embedded schema', (name) => {
    for (const sample of golden<unknown[]>(name)) {
      expect(faults({ $ref: `#/components/schemas/${name}` }, sample)).toEqual([]);
    }
  });

  it('that are broken are refused by it', () => {
    const broken = golden<{ message: MessageName; value: unknown }[]>('broken');
    const onWire = broken.filter(({ message }) => wire.includes(message));
    expect(onWire.length).toBeGreaterThan(5);
    const taken = onWire.filter(
      ({ message, value }) => faults({ $ref: `#/components/schemas/${message}` }, value).length === 0,
    );
    expect(taken).toEqual([]);
  });
});
