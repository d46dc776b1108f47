/**
 * Stands beside the simulated server and writes down what happens there, at the moment it happens: each batch of the
 * journal, what MAIL and BEAT take, what is asked and answered. Holds it against the rules as it comes. What was recorded
 * of a real server can be played to it just as well.
 */
import type { Event, Report } from '../../schemas/index.ts';
import { tryDecode } from '../../shared/bus/codec.ts';
import type { Payload, Stored } from '../../shared/bus/port.ts';
import type { AccountName, Message, ServerObserver } from '../../shared/bus/simulated/server.ts';
import { mailRoute, senderOf, subjectsOf } from '../../shared/bus/subjects.ts';
import { type StreamNames, streamNames } from '../../shared/bus/topology.ts';
import { rules } from './checks.ts';
import type { Facts } from './facts.ts';

export interface Violation {
  readonly rule: number;
  readonly at: number;
  readonly what: string;
}

interface Question {
  readonly kind: 'Claim' | 'Command';
  readonly from: string;
  readonly incarnation: string;
  /** It adds tasks. */
  readonly isAdd: boolean;
}

/** A final report of a run as MAIL has it. */
interface Mailed {
  readonly seq: number;
  readonly from: string;
  readonly report: Report;
}

export class Witness implements ServerObserver {
  readonly violations: Violation[] = [];
  readonly #timeline: { readonly now: number };
  readonly #facts: Facts;
  readonly #names: StreamNames;
  readonly #claims: string;
  readonly #commands: string;
  readonly #asked = new Map<string, Question>();
  readonly #answeredUnstored = new Set<string>();
  readonly #acceptedAdds = new Set<string>();
  /** In their order, those that no batch has said to be consumed. */
  #mailed: Mailed[] = [];
  #batch: string | undefined;
  /** When a leader first said a batch, by its bytes. */
  readonly #decided = new WeakMap<Payload, number>();
  claims = 0;
  commands = 0;

  constructor(timeline: { readonly now: number }, facts: Facts, project: string) {
    this.#timeline = timeline;
    this.#facts = facts;
    this.#names = streamNames(project);
    this.#claims = `${subjectsOf(project).prefix}.claim.`;
    this.#commands = `${subjectsOf(project).prefix}.command.`;
  }

  accuse(rule: number, what: string): void {
    this.violations.push({ rule, at: this.#timeline.now, what });
  }

  /** A leader appends to its journal; it may do so again, and the message may take its time. */
  decided(payload: Payload): void {
    if (!this.#decided.has(payload)) this.#decided.set(payload, this.#timeline.now);
  }

  /** Called when the swarm is quiet: what must hold in the end. */
  conclude(): void {
    for (const { number, atEnd } of rules) {
      const what = atEnd?.(this.#facts);
      if (what !== undefined) this.accuse(number, what);
    }
    const lost = [...this.#acceptedAdds].find((id) => !this.#facts.commands.has(id));
    if (lost !== undefined) this.accuse(8, `command ${lost} was answered, and its tasks were never stored`);
  }

  stored({ stream, seq, subject, payload, headers }: Stored): void {
    const now = this.#timeline.now;
    if (stream === this.#names.beat) {
      const decoded = tryDecode('Beat', { payload, headers });
      if (decoded.ok) this.#facts.noteBeat(senderOf(subject) ?? '', decoded.value, now);
    } else if (stream === this.#names.mail) {
      const decoded = tryDecode('Mail', { payload, headers });
      if (!decoded.ok) return;
      const { report } = decoded.value;
      const route = mailRoute(subject);
      if (route !== undefined) this.#facts.letters.noteMail({ seq, ...route, mail: decoded.value }, now);
      if (report !== undefined) {
        this.#note(report);
        if (report.kind === 'checkpoint') this.#facts.noteCheckpoint(report.checkpoint, now);
        if (isOfRun(report)) this.#mailed.push({ seq, from: route?.from ?? '', report });
      }
    } else if (stream === this.#names.files) {
      if (this.#facts.isWhole) this.#facts.files.add(Buffer.from(payload).toString());
    } else if (stream === this.#names.journal) {
      const decoded = tryDecode('Batch', { payload, headers });
      if (!decoded.ok) {
        this.accuse(1, `journal message ${seq} cannot be read: ${decoded.fault}`);
        return;
      }
      const { id, predecessor, events, at } = decoded.value;
      if (predecessor !== this.#batch)
        this.accuse(
          1,
          `batch ${seq} follows ${predecessor ?? 'none'}, and ${this.#batch ?? 'none'} stands before it`,
        );
      this.#batch = id;
      // Of a real swarm its own word: all its clocks are one, and what was decided may be stored much later.
      this.#facts.decidedAt = this.#decided.get(payload) ?? Math.min(now, at);
      this.#facts.noteBudgets(decoded.value);
      for (const event of events) this.#judge(event, now);
      this.#facts.noteBatch(decoded.value);
      this.#consumed(decoded.value.mail_seq);
    }
  }

  /** What was consumed and ends a run has ended it, or something else had. */
  #consumed(mailSeq: number): void {
    const consumed = this.#mailed.filter(({ seq }) => seq <= mailSeq);
    if (consumed.length === 0) return;
    this.#mailed = this.#mailed.filter(({ seq }) => seq > mailSeq);
    for (const { seq, from, report } of consumed) {
      const granted = 'fence' in report ? this.#facts.live.get(report.fence) : undefined;
      if (granted?.grant.agent === from)
        this.accuse(
          8,
          `mail ${seq} (${report.kind}) of ${from} was consumed, and its fence ${granted.grant.fence} lives`,
        );
    }
  }

  taken(account: AccountName, message: Message): void {
    if (account !== 'swarm') return;
    const { subject, replyTo } = message;
    if (replyTo !== undefined && subject.startsWith(this.#claims)) {
      this.claims += 1;
      const decoded = tryDecode('Claim', message);
      if (decoded.ok && decoded.value.report !== undefined) this.#note(decoded.value.report);
      const incarnation = decoded.ok ? decoded.value.incarnation : '';
      this.#asked.set(replyTo, { kind: 'Claim', from: senderOf(subject) ?? '', incarnation, isAdd: false });
    } else if (replyTo !== undefined && subject.startsWith(this.#commands)) {
      this.commands += 1;
      const decoded = tryDecode('Command', message);
      const isAdd = decoded.ok && decoded.value.kind === 'add';
      // Who asks again has not heard the answer: where that changed nothing, the next leader may decide anew.
      if (decoded.ok) this.#answeredUnstored.delete(decoded.value.id);
      this.#asked.set(replyTo, { kind: 'Command', from: senderOf(subject) ?? '', incarnation: '', isAdd });
    } else {
      const asked = this.#asked.get(subject);
      if (asked === undefined) return;
      this.#asked.delete(subject);
      if (asked.kind === 'Claim') this.#claimAnswered(asked, message);
      else this.#commandAnswered(asked, message);
    }
  }

  /** Nobody may be told what does not stand in the journal. */
  #claimAnswered({ from, incarnation }: Question, message: Message): void {
    const decoded = tryDecode('ClaimAnswer', message);
    if (!decoded.ok) return;
    const { value: answer } = decoded;
    if (answer.kind === 'granted') {
      const granted = this.#facts.grants.get(answer.grant.fence);
      if (granted === undefined)
        this.accuse(8, `${from} was told of fence ${answer.grant.fence} before it was stored`);
      else if (granted.grant.agent !== from)
        this.accuse(2, `${from} was given fence ${answer.grant.fence}, which is ${granted.grant.agent}'s`);
    }
    if (
      answer.kind === 'granted' &&
      this.#facts.grants.get(answer.grant.fence)?.grant.incarnation !== incarnation
    )
      this.accuse(
        2,
        `fence ${answer.grant.fence} was given to incarnation ${incarnation} of ${from}, which has ended`,
      );
    if (answer.report?.status === 'refused' && this.#facts.effects.has(answer.report.id))
      this.accuse(8, `report ${answer.report.id} of ${from} took effect, and was refused`);
    if (answer.report?.status !== 'accepted') return;
    const report = this.#facts.reports.get(answer.report.id);
    if (report !== undefined && isFinal(report) && !this.#facts.effects.has(report.id))
      this.accuse(8, `report ${report.id} (${report.kind}) of ${from} was accepted and has no effect`);
  }

  #commandAnswered({ isAdd }: Question, message: Message): void {
    const decoded = tryDecode('CommandAnswer', message);
    if (!decoded.ok || decoded.value.status !== 'ok') return;
    if (isAdd) this.#acceptedAdds.add(decoded.value.id);
    // Where nothing was to be done nothing is stored; what is stored later was answered too early.
    if (!this.#facts.commands.has(decoded.value.id)) this.#answeredUnstored.add(decoded.value.id);
  }

  #note(report: Report): void {
    this.#facts.reports.set(report.id, report);
  }

  #judge(event: Event, now: number): void {
    if (event.type === 'answered' && this.#answeredUnstored.has(event.command))
      this.accuse(8, `command ${event.command} was answered before it was stored`);
    for (const { number, onEvent } of rules) {
      const what = onEvent?.(this.#facts, event, now);
      if (what !== undefined) this.accuse(number, what);
    }
    this.#facts.take(event, now);
  }
}

/** Reports that end a grant. */
export const isFinal = ({ kind }: Report): boolean =>
  !['progress', 'used', 'checkpoint', 'takeover', 'stale', 'lane'].includes(kind);

/** Reports that end a run of work, whatever they say. */
const isOfRun = (report: Report): boolean =>
  isFinal(report) && report.kind !== 'committed' && report.kind !== 'bounced';
