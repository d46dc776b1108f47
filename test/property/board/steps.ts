/**
 * Random histories of a board: what agents, operators and the network may do, as inputs of the board.
 */
import type { BoardConfig, Capabilities, Event, TaskPatch, TaskSpec } from '../../../schemas/index.ts';
import {
  applyClaim,
  applyCommand,
  applyLook,
  applyMail,
  applyReport,
  applyUsage,
} from '../../../shared/board/decide.ts';
import type { ClaimInput } from '../../../shared/board/decide-claim.ts';
import type { CommandInput } from '../../../shared/board/decide-command.ts';
import type { MailInput } from '../../../shared/board/decide-letters.ts';
import type { ReportInput } from '../../../shared/board/decide-report.ts';
import {
  type ClaimPart,
  type CommandPart,
  commit,
  type Driver,
  type ReportPart,
} from '../../unit/shared/board/board-driver.ts';

import { committers, type Step, workers } from './step-kinds.ts';

export type Input =
  | { readonly door: 'command'; readonly input: CommandInput }
  | { readonly door: 'report'; readonly input: ReportInput }
  | { readonly door: 'claim'; readonly input: ClaimInput }
  | { readonly door: 'mail'; readonly input: MailInput }
  | { readonly door: 'look'; readonly input: Parameters<typeof applyLook>[1] }
  | { readonly door: 'usage'; readonly input: Parameters<typeof applyUsage>[1] };
export interface Sent {
  readonly at: Input;
  readonly answer: { readonly status?: string; readonly kind?: string };
  readonly hadEffect: boolean;
}

/** Sends an input; `before` and `after` surround its application. */
export function send(driver: Driver, at: Input): { events: readonly object[]; answer: Sent['answer'] } {
  const { board, now } = driver;
  const applied = applyAt(at);
  driver.record(applied.events);
  return applied;

  function applyAt(one: Input): { events: readonly Event[]; answer: Sent['answer'] } {
    switch (one.door) {
      case 'command':
        return applyCommand(board, one.input, now);
      case 'report':
        return applyReport(board, one.input, now);
      case 'claim':
        return applyClaim(board, one.input, now);
      case 'mail':
        return { events: applyMail(board, one.input, now).events, answer: {} };
      case 'look':
        return { events: applyLook(board, one.input, now).events, answer: {} };
      case 'usage':
        return { events: applyUsage(board, one.input, now).events, answer: {} };
    }
  }
}

/** Everything a step needs to know of the history so far. */
export interface Past {
  readonly sent: Sent[];
  /** Every grant ever given: task, fence, run and owner. */
  readonly grants: { task: string; fence: number; run: string; agent: string }[];
  ids: number;
  tips: number;
}

/** The input that a step means now; undefined when the step is no input or finds nothing to act on. */
export function inputOf(driver: Driver, past: Past, s: Step): Input | undefined {
  const { board } = driver;
  const tasks = [...board.tasks.keys()];
  const taskAt = (n: number) => (tasks.length === 0 ? undefined : tasks[n % tasks.length]);
  const letters = [...board.letters.watched.keys(), ...board.letters.told.keys()];
  const letterAt = (n: number) => (letters.length === 0 ? undefined : letters[n % letters.length]);
  const command = (part: CommandPart, from = 'op'): Input => ({
    door: 'command',
    input: { from, command: { v: 1, id: `cmd${++past.ids}`, ...part } as CommandInput['command'] },
  });
  const report = (from: string, part: ReportPart): Input => ({
    door: 'report',
    input: { from, report: { v: 1, id: `rep${++past.ids}`, ...part } as ReportInput['report'] },
  });
  const resolved = (
    from: typeof s & { deps: number[]; parent: number | undefined; not_before: number | undefined },
  ) => {
    const parent = from.parent === undefined ? undefined : taskAt(from.parent);
    return {
      deps: from.deps.flatMap((n) => taskAt(n) ?? []),
      ...(parent === undefined ? {} : { parent }),
      ...(from.not_before === undefined ? {} : { not_before: driver.now + from.not_before - 20_000 }),
    };
  };
  switch (s.do) {
    case 'add': {
      const { do: _, deps, parent, not_before, requires, max_attempts, lane, gates, ...rest } = s;
      return command({
        kind: 'add',
        tasks: [
          {
            id: `t${tasks.length}`,
            title: 'do it',
            ...rest,
            ...resolved(s),
            ...(lane === undefined ? {} : { lane }),
            ...(requires === undefined ? {} : { requires }),
            ...(max_attempts === undefined ? {} : { max_attempts }),
            ...(rest.expects === 'change' ? { gates } : {}),
          } as TaskSpec,
        ],
      });
    }
    case 'edit': {
      const task = taskAt(s.task);
      if (task === undefined) return undefined;
      const all = {
        ...s,
        parent: null,
        requires: s.requires ?? null,
        not_before: null,
        ...resolved(s),
      } as Record<string, unknown>;
      const patch = Object.fromEntries(
        s.what.flatMap((key) => (all[key] === undefined ? [] : [[key, all[key]]])),
      );
      return command({ kind: 'edit', task, patch: patch as TaskPatch });
    }
    case 'verb': {
      const task = taskAt(s.task);
      if (task === undefined) return undefined;
      const parts = {
        start: { kind: 'start', task },
        takeover: { kind: 'start', task, takeover: true },
        close: { kind: 'close', task, no_change: true },
        'close-commit': { kind: 'close', task, commit: commit(7), waive_gates: 'by hand' },
        block: { kind: 'block', task, reason: 'look' },
        reopen: { kind: 'reopen', task },
        retry: { kind: 'retry', task },
        cancel: { kind: 'cancel', task, reason: 'no' },
        answer: { kind: 'answer', task, text: 'the second' },
      } as const;
      return command(parts[s.verb], s.by);
    }
    case 'claim': {
      const known = board.agents.get(s.agent);
      const slot = known?.slots.get(s.slot);
      const held = slot !== undefined && board.grants.has(slot.fence) ? [slot.fence] : [];
      const ended = [...(known?.ended ?? [])].at(-1);
      const part: ClaimPart = {
        fresh: {},
        repeat: slot === undefined ? {} : { number: slot.number },
        lower: slot === undefined ? {} : { number: Math.max(slot.number - 1, 1) },
        listing: { holds: held },
        restart: { incarnation: `${s.agent}-${++past.ids}` },
        elsewhere: {
          incarnation: `${s.agent}-${++past.ids}`,
          place: { host: `h${s.as % 3}` },
          silentMs: (s.as % 2) * 60_000,
        },
        ended: ended === undefined ? {} : { incarnation: ended },
      }[s.how];
      const isCommitter = committers.includes(s.agent as 'c1');
      const input = driver.claimOf(s.agent, {
        work: isCommitter ? 'commit' : 'task',
        slot: s.slot,
        incarnation: known?.incarnation ?? `${s.agent}-0`,
        ...part,
        capabilities: {
          ...(s.as % 3 === 0 ? { labels: ['gpu'] } : {}),
          ...(s.as % 5 === 0 ? { os: 'darwin' } : {}),
          ...(s.as % 4 === 0 ? { profile: 'big' } : {}),
          ...(s.as % 7 === 0 ? { lanes: ['docs'] } : {}),
          ...offersFor(s.as),
        },
      });
      return { door: 'claim', input };
    }
    case 'report': {
      const live = past.grants.filter(({ fence }) => board.grants.has(fence));
      const among = s.stale || live.length === 0 ? past.grants : live;
      const grant = among[s.grant % Math.max(among.length, 1)];
      if (grant === undefined) return undefined;
      const { agent, ...of } = grant;
      const from = s.from === undefined ? agent : ([...workers, ...committers, 'watch'][s.from % 6] ?? agent);
      const lane = board.tasks.get(of.task)?.lane ?? 'main';
      const tip = board.lanes.get(lane)?.tip;
      const told = {
        ...(s.usage === undefined ? {} : { usage: s.usage }),
        ...(s.quota === undefined ? {} : { run_note: { model: 'm', quota: { used: s.quota } } }),
      };
      const bounce = (reason: string, more = {}) =>
        report(from, { kind: 'bounced', ...of, lane, reason, detail: 'why', ...more } as ReportPart);
      switch (s.kind) {
        case 'submitted':
          return report(from, { ...driver.submitted(of as never), ...told } as ReportPart);
        case 'done':
          return report(from, {
            kind: 'done',
            ...of,
            ...told,
            outcome: 'completed',
            evidence: [{ gate: 'VG-1', status: 'green', duration_ms: 1 }],
          });
        case 'blocked':
          return report(from, { kind: 'blocked', ...of, ...told, outcome: 'needs_input', reason: 'which?' });
        case 'failed':
          return report(from, {
            kind: 'failed',
            ...of,
            ...told,
            outcome: s.grant % 3 === 0 ? 'timed_out' : 'crashed',
            reason: 'exit 1',
            tail: '😀'.repeat(4200),
          });
        case 'limited':
          return report(from, {
            kind: 'failed',
            ...of,
            ...told,
            outcome: 'rate_limited',
            reason: '429',
            ...(s.grant % 3 === 0 ? {} : { retry_at: driver.now + [30_000, -1_000][s.grant % 2]! }),
          });
        case 'auth':
          return report(from, { kind: 'failed', ...of, ...told, outcome: 'auth_failed', reason: '401' });
        case 'env':
          return report(from, { kind: 'failed', ...of, ...told, outcome: 'env_failed', reason: 'no disk' });
        case 'killed':
          return report(from, { kind: 'failed', ...of, ...told, outcome: 'killed', reason: 'stopped' });
        case 'progress':
          return report(from, { kind: 'progress', ...of, note: 'on it' });
        case 'used':
          return report(from, { kind: 'used', ...of, usage: told.usage ?? { input_tokens: s.grant } });
        case 'released':
          return report(from, { kind: 'released', ...of, ...told, reason: 'drain' });
        case 'committed': {
          past.tips += 1;
          const made = commit(0xc0000 + past.tips);
          const old = s.grant % 9 === 0 ? commit(0xdead) : (tip ?? commit(1));
          return report(from, {
            kind: 'committed',
            ...of,
            lane,
            old,
            new: made,
            commit: made,
            subject: 'feat: it',
            found: s.grant % 2 === 0,
          });
        }
        case 'lane_moved':
          return bounce('lane_moved', s.grant % 2 === 0 ? {} : { found: commit(0xf000 + (s.grant % 5)) });
        case 'stale':
          return report('watch', { kind: 'stale', ...of, silent_ms: 2_700_000 });
        case 'take-stale':
          return report('watch', { kind: 'takeover', ...of, reason: 'stale', silent_ms: 3_000_000 });
        case 'checkpoint': {
          const file = { owner: from, sha256: String(s.grant % 10).repeat(64), size_bytes: 1, chunks: 1 };
          const tree = { number: 1 + (s.grant % 3), base: commit(1), head: commit(2), file };
          return report(from, { kind: 'checkpoint', ...of, checkpoint: { fence: of.fence, ...tree } });
        }
        case 'takeover':
          return report(s.grant % 5 === 0 ? 'w1' : 'watch', {
            kind: 'takeover',
            ...of,
            reason: 'dead',
            silent_ms: 60_000,
          });
        default:
          return bounce(s.kind);
      }
    }
    case 'again':
      return past.sent.length === 0 ? undefined : past.sent[s.input % past.sent.length]?.at;
    case 'configure': {
      const { policies } = board.config;
      const changed = [
        { paths: policies.paths === 'warn' ? 'serialise' : 'warn' },
        { weights: Object.keys(policies.weights).length === 0 ? { ui: 1, db: 3 } : {} },
        { max_heavy: 1 + (s.what % 2) },
        { max_per_lane: 1 + (s.what % 3) },
        { max_grants: 2 + (s.what % 4) },
        { max_conflicts: 1 + (s.what % 3), max_losses: 1 + (s.what % 4) },
      ][s.what % 12];
      const config = { ...board.config, policies: { ...policies, ...changed }, ...moneyFor(s.what) };
      return command({ kind: 'configure', config } as CommandPart);
    }
    case 'lane': {
      const tip = board.lanes.get(s.lane)?.tip ?? commit(1);
      past.tips += 1;
      if (s.how === 'adopt')
        return command({ kind: 'lane_adopt', lane: s.lane, tip: commit(0xad0 + past.tips) });
      return report('c1', {
        kind: 'lane',
        lane: s.lane,
        tip: s.how === 'same' ? tip : commit(0xee00 + past.tips),
      });
    }
    case 'mail': {
      const to = s.to === 'topic' ? { kind: 'topic', name: 'task' } : { kind: 'agent', name: s.to };
      const within = s.within === undefined ? {} : { ack_within_ms: s.within };
      const mail = { v: 1, id: 'm', kind: 'message', at: 1, body: 'hi', ...within };
      const stored = { seq: ++past.ids, from: s.from, to, mail } as MailInput['stored'];
      return { door: 'mail', input: { stored, sight: { isKnown: s.known, silentMs: 0 } } };
    }
    case 'receipt': {
      const seq = letterAt(s.of);
      if (seq === undefined) return undefined;
      const letter = [...board.letters.watched.values(), ...board.letters.told.values()].find(
        (one) => one.seq === seq,
      );
      const mail = { v: 1, id: 'm', kind: 'receipt', at: 1, receipt: { seq, state: s.state } };
      const from = s.by ?? letter?.to.name ?? 'ann';
      const to = { kind: 'receipt', name: String(seq) };
      return {
        door: 'mail',
        input: { stored: { seq: ++past.ids, from, to, mail } as MailInput['stored'] },
      };
    }
    case 'look': {
      const seq = letterAt(s.at);
      if (seq === undefined) return undefined;
      return { door: 'look', input: { seq, sight: { isKnown: s.isKnown, silentMs: s.silentMs } } };
    }
    case 'person': {
      const seq = letterAt(s.as) ?? 1;
      const parts = {
        register: { kind: 'register', identity: `id-${s.as % 2}` },
        status: { kind: 'set_status', text: `at ${s.as % 3}`, host: 'h' },
        clear: { kind: 'set_status' },
        redeliver: { kind: 'redeliver', seq },
        copy: { kind: 'redeliver', seq, copy: true },
      } as const;
      const input = command(parts[s.what], s.by) as Extract<Input, { door: 'command' }>;
      return { ...input, input: { ...input.input, silentMs: (s.as % 3) * 40_000 } };
    }
    case 'beat': {
      const live = past.grants.filter(({ fence }) => board.grants.has(fence));
      const grant = live[s.grant % Math.max(live.length, 1)];
      if (grant === undefined) return undefined;
      const from = s.from === undefined ? grant.agent : (workers[s.from % 3] ?? grant.agent);
      return { door: 'usage', input: { from, fence: grant.fence, usage: s.usage } };
    }
    case 'profile': {
      const until = s.action === 'cool' ? { until: driver.now + s.forMs } : {};
      return command({ kind: 'profile', profile: s.profile, action: s.action, ...until }, s.by);
    }
    case 'wait':
    case 'lead':
      return undefined;
  }
}

const profiles = ['p1', 'big', 'small'] as const;

/** Some askers offer several profiles, in some order, with a pool or without. */
function offersFor(as: number): Partial<Capabilities> {
  if (as % 2 === 0) return {};
  const turned = [...profiles.slice(as % 3), ...profiles.slice(0, as % 3)].slice(0, 1 + (as % 4));
  const offers = turned.map((profile) => ({ profile, harness: 'command' }));
  const pool = [{ pool: 'main' }, { pool: 'main' }, { pool: 'none' }, {}][(as >> 1) % 4];
  return { offers, ...pool };
}

/** Pools and budgets of a configuration; none are changed for many. */
function moneyFor(what: number): Partial<BoardConfig> {
  const strategies = ['round_robin', 'weighted', 'least_used', 'quota_aware'] as const;
  const per = what % 2 === 0 ? { per: 'day' as const } : {};
  switch (what % 12) {
    case 6:
      return { pools: { main: { strategy: strategies[what % 4]!, profiles: [...profiles] } } };
    case 7:
    case 8:
      return { pools: { main: { strategy: strategies[(what >> 3) % 4]!, profiles: ['small', 'p1'] } } };
    case 9:
      return { budgets: { project: { tokens: 200, ...per }, task: { cost_usd: 4 } } };
    case 10:
      return { budgets: { profile: { tokens: 80, cost_usd: 10, ...per }, run: { tokens: 30 } } };
    case 11:
      return { budgets: { task: { tokens: 120 }, project: { cost_usd: 1_000 } } };
    default:
      return {};
  }
}
