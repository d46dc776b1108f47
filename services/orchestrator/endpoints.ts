/**
 * What the leader serves over core requests: claims, commands and queries. Translates only; the writer decides.
 */
import type { CommandAnswer, QueryAnswer } from '../../schemas/index.ts';
import type { Journal } from '../../shared/bus/journal.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { serve } from '../../shared/bus/rpc.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Hearing } from './hearing.ts';
import type { LifeSigns } from './life-signs.ts';
import { answerQuery, type QueryContext } from './queries.ts';
import type { Refusals } from './refusals.ts';
import type { Sightings } from './sightings.ts';
import type { Writer } from './writer.ts';

export interface EndpointOptions {
  readonly swarm: Bus;
  readonly project: string;
  readonly writer: Writer;
  readonly journal: Journal;
  readonly signs: LifeSigns;
  readonly hearing: Pick<Hearing, 'prove'>;
  readonly sightings: Sightings;
  readonly refusals: Refusals;
  readonly context: () => QueryContext;
  readonly head: () => { readonly term: number; readonly journal_seq: number; readonly genesis: string };
  /** Whether this process still leads, by its own clock. */
  readonly isHeld: () => boolean;
}

export function serveRequests(options: EndpointOptions): { stop(): Promise<void> } {
  const { swarm, project, writer, journal, signs, hearing, sightings, refusals, context, head, isHeld } =
    options;
  const subjects = subjectsOf(project);
  const count = (what: string) => (from: string, fault: string) => refusals.count(what, from, fault);
  const endpoints = [
    serve(swarm, subjects.request('claim', '*'), {
      request: 'Claim',
      answer: 'ClaimAnswer',
      onFault: count('claim'),
      refuse: (fault) => ({
        v: 1,
        ...head(),
        kind: 'refused',
        code: 'invalid',
        message: fault,
        retryable: false,
      }),
      handle({ from, request, answer }) {
        signs.seen(from, request.incarnation);
        if (request.leaving === true) sightings.left(from);
        else sightings.seen(from);
        for (const fence of request.holds) signs.held(from, fence);
        writer.claim(from, request, (said) => {
          // Who asks again finds out whether the other is silent by now.
          if (said.kind === 'refused' && said.code === 'name-in-use') hearing.prove();
          answer(said);
        });
      },
    }),
    serve(swarm, subjects.request('command', '*'), {
      request: 'Command',
      answer: 'CommandAnswer',
      onFault: count('command'),
      refuse: (fault): CommandAnswer => ({
        v: 1,
        ...withoutGenesis(head()),
        id: 'invalid',
        status: 'refused',
        code: 'invalid',
        message: fault,
      }),
      handle: ({ from, request, answer }) => writer.command(from, request, answer),
    }),
    serve(swarm, subjects.request('query', '*'), {
      request: 'Query',
      answer: 'QueryAnswer',
      onFault: count('query'),
      refuse: (fault) => ({ v: 1, ...head(), kind: 'refused', code: 'invalid', message: fault }),
      handle({ request, answer }) {
        if (request.kind === 'journal') {
          void journal
            .page(request.after, Math.min(request.limit ?? JOURNAL_PAGE, JOURNAL_PAGE))
            .then(
              ({ batches, last }): QueryAnswer => ({
                v: 1,
                ...head(),
                kind: 'journal',
                batches: [...batches],
                last,
              }),
              (error: unknown): QueryAnswer => ({
                v: 1,
                ...head(),
                kind: 'refused',
                code: 'journal-unreadable',
                message: messageOf(error),
              }),
            )
            .then((page) => {
              if (isHeld()) answer(page);
            });
          return;
        }
        writer.query((board, now) => answer(answerQuery(board, request, context(), now)));
      },
    }),
  ];
  return {
    async stop() {
      await Promise.all(endpoints.map((endpoint) => endpoint.stop()));
    },
  };
}

/** Batches may be large: a page must fit a message. */
const JOURNAL_PAGE = 50;

const withoutGenesis = ({ term, journal_seq }: { term: number; journal_seq: number }) => ({
  term,
  journal_seq,
});
