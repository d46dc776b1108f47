/**
 * A made-up log of the `sv` tracker with the statistics of a real swarm's: how often a task was started that another
 * actor had, closed twice, closed by another, and so on. The same seed gives the same text.
 *
 * Each task has a life of its own (created, started, perhaps started by others meanwhile, closed, …); the lives are
 * laid over each other in time. What a log should not hold is mixed in: events that stand twice, tasks created twice,
 * broken lines, unknown events, neighbours out of order.
 */

/** What a log is to hold. `starts`: of open tasks, `blocked` ones among them. */
export interface LogPlan {
  readonly tasks: number;
  readonly starts: number;
  readonly blocked: number;
  readonly races: number;
  readonly early: number;
  readonly late: number;
  readonly again: number;
  readonly closedStarts: number;
  readonly foreignCloses: number;
  readonly closesTwice: number;
  readonly closesUnstarted: number;
  readonly reopens: number;
}

/** As the seed's log has them (REQUIREMENTS 0): 1,107 starts in all, 151 of them on a held task. */
export const seedPlan: LogPlan = {
  tasks: 864,
  starts: 870,
  blocked: 40,
  races: 68,
  early: 65,
  late: 18,
  again: 14,
  closedStarts: 72,
  foreignCloses: 99,
  closesTwice: 170,
  closesUnstarted: 50,
  reopens: 68,
};

export interface TrackerLog {
  readonly text: string;
  /** Lines that are no events, and events that stand twice. */
  readonly noise: { readonly malformed: number; readonly unknown: number; readonly repeated: number };
}

type Draw = () => number;

/** A generator of numbers in [0, 1) from a seed (mulberry32). */
function drawFrom(seed: number): Draw {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Made {
  readonly at: number;
  readonly task: string;
  readonly type: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const BEGIN = Date.UTC(2026, 0, 20, 14, 20, 40);
const SPAN_MS = 25 * 86_400_000;
const MINUTE_MS = 60_000;
const actors: readonly (string | undefined)[] = [
  undefined,
  'codex',
  'Codex_B',
  'codex-b',
  'Ops Team',
  ...Array.from({ length: 40 }, (_, index) => `rust-full-codex-${index}`),
];

/** The log of a swarm that did what the plan says. */
export function makeTrackerLog(seed: number, plan: LogPlan = seedPlan): TrackerLog {
  const draw = drawFrom(seed);
  const events = livesOf(plan, draw).sort((one, other) => one.at - other.at);
  const lines = events.map((made, index) => lineOf(made, index));
  return withNoise(lines, draw);
}

function livesOf(plan: LogPlan, draw: Draw): Made[] {
  const made: Made[] = [];
  const starters = plan.starts - plan.reopens;
  const restarts = dealt(plan.reopens, starters, draw);
  const blocked = dealtOnce(plan.blocked, starters, draw);
  const races = dealt(plan.races, plan.starts, draw);
  const early = dealt(plan.early, plan.starts, draw);
  const late = dealt(plan.late, plan.starts, draw);
  const again = dealt(plan.again, plan.starts, draw);
  const closedStarts = dealt(plan.closedStarts, starters, draw);
  const foreign = dealtOnce(plan.foreignCloses, starters, draw);
  const twice = dealt(plan.closesTwice, starters, draw);
  let session = 0;
  for (let index = 0; index < plan.tasks; index += 1) {
    const task = nameOf(index);
    // The last task is there first, and nobody ever closes it: it holds others back for ever.
    const begin = index === plan.tasks - 1 ? 0 : Math.floor(draw() * SPAN_MS);
    const life = createLife(task, BEGIN + begin, draw, made);
    if (index >= starters) {
      if (index < starters + plan.closesUnstarted) life.close(5 * MINUTE_MS, 'anybody');
      continue;
    }
    if (blocked[index] === 1) life.blockedBy(nameOf(plan.tasks - 1));
    for (let left = 1 + (restarts[index] ?? 0); left > 0; left -= 1) {
      life.start(2 * MINUTE_MS, 'anybody');
      for (let n = races[session] ?? 0; n > 0; n -= 1) life.start(124 + draw() * 59_000, 'another');
      for (let n = early[session] ?? 0; n > 0; n -= 1) life.start((2 + draw() * 42) * MINUTE_MS, 'another');
      for (let n = again[session] ?? 0; n > 0; n -= 1) life.start(3 * MINUTE_MS, 'same');
      for (let n = late[session] ?? 0; n > 0; n -= 1) life.start((45 + draw() * 90) * MINUTE_MS, 'another');
      session += 1;
      if (left > 1) life.reopen((1 + draw() * 50) * MINUTE_MS);
    }
    life.close((1 + draw() * 40) * MINUTE_MS, foreign[index] === 1 ? 'another' : 'same');
    for (let n = closedStarts[index] ?? 0; n > 0; n -= 1) {
      life.start((1 + draw() * 60) * MINUTE_MS, 'anybody');
      life.close((1 + draw() * 40) * MINUTE_MS, 'same');
    }
    for (let n = twice[index] ?? 0; n > 0; n -= 1) life.close((0.1 + draw() * 30) * MINUTE_MS, 'anybody');
  }
  return made;
}

const nameOf = (index: number): string => `demo-${index.toString(36).padStart(3, '0')}`;

/** `count` things dealt to `places` at random, one each at most. */
function dealtOnce(count: number, places: number, draw: Draw): number[] {
  const got = Array.from({ length: places }, () => 0);
  for (let left = count; left > 0; ) {
    const place = Math.floor(draw() * places);
    if (got[place] === 1) continue;
    got[place] = 1;
    left -= 1;
  }
  return got;
}

/** `count` things dealt to `places` at random: how many each gets. */
function dealt(count: number, places: number, draw: Draw): number[] {
  const got = Array.from({ length: places }, () => 0);
  for (let left = count; left > 0; left -= 1) {
    const place = Math.floor(draw() * places);
    got[place] = (got[place] ?? 0) + 1;
  }
  return got;
}

type Who = 'anybody' | 'same' | 'another';

/** What befalls one task, from its creation on. */
function createLife(task: string, begin: number, draw: Draw, made: Made[]) {
  let at = begin;
  let owner: string | undefined;
  const anybody = () => actors[Math.floor(draw() * actors.length)];
  const choose = (who: Who): string | undefined => {
    if (who === 'same') return owner;
    for (;;) {
      const found = anybody();
      if (who === 'anybody' || found !== owner) return found;
    }
  };
  const say = (afterMs: number, type: string, actor: string | undefined, fields: object = {}, of = task) => {
    at += afterMs;
    made.push({ at, task: of, type, fields: { ...(actor === undefined ? {} : { actor }), ...fields } });
  };
  say(0, 'task_created', anybody(), { title: `do ${task}`, body: 'Goal: …', status: 'open', priority: 'P1' });
  if (draw() < 0.5) say(20, 'task_priority_changed', anybody(), { priority: 'P0' });
  if (draw() < 0.5) say(20, 'task_project_set', anybody(), { related_task_id: 'prj-krh6zdh0' });
  if (draw() < 0.3) say(20, 'task_commented', anybody(), { comment: 'looked at it' });
  return {
    start(afterMs: number, who: Who): void {
      owner = choose(who);
      say(afterMs, 'task_started', owner, { status: 'in_progress', branch: 'main' });
    },
    close(afterMs: number, who: Who): void {
      say(afterMs, 'task_closed', choose(who), { status: 'closed' });
    },
    reopen(afterMs: number): void {
      say(afterMs, 'task_status_changed', anybody(), { status: 'open' });
      owner = undefined;
    },
    /** The event is the blocker's. The blocker must be there: it is told when the task is. */
    blockedBy(blocker: string): void {
      say(1, 'task_blocked', anybody(), { related_task_id: task }, blocker);
    },
  };
}

function lineOf({ at, task, type, fields }: Made, index: number): string {
  const whole = Math.floor(at);
  const micros = Math.floor((at - whole) * 1000)
    .toString()
    .padStart(3, '0');
  const timestamp = new Date(whole).toISOString().replace('Z', `${micros}Z`);
  const event_id = `01KH${index.toString(36).toUpperCase().padStart(22, '0')}`;
  return JSON.stringify({ event_id, task_id: task, type, timestamp, ...fields });
}

function withNoise(lines: readonly string[], draw: Draw): TrackerLog {
  const out = [...lines];
  const somewhere = () => 1 + Math.floor(draw() * (out.length - 1));
  for (let left = 40; left > 0; left -= 1) {
    const at = somewhere();
    const [one, other] = [out[at - 1] as string, out[at] as string];
    out[at - 1] = other;
    out[at] = one;
  }
  const repeated = lines.filter((_, index) => index % 500 === 7);
  for (const line of repeated) out.splice(out.indexOf(line) + 3, 0, line);
  const created = lines.filter((line) => line.includes('task_created'));
  for (const [index, line] of created.slice(0, 3).entries()) {
    const twice = line
      .replace(/"event_id":"[^"]*"/, `"event_id":"01ZZ${index}"`)
      .replace(/"title":"[^"]*"/, '"title":"again"');
    out.push(twice.replace(/"timestamp":"[^"]*"/, '"timestamp":"2026-03-01T00:00:00Z"'));
  }
  const broken = [
    '{"event_id":"01',
    '<<<<<<< HEAD',
    '[]',
    '{"event_id":1,"task_id":"a","type":"task_started"}',
  ];
  const unknown = ['task_exploded', 'task_exploded', 'task_moved'].map(
    (type, index) =>
      `{"event_id":"01YY${index}","task_id":"demo-001","type":"${type}","timestamp":"2026-02-01T00:00:00Z"}`,
  );
  for (const line of [...broken, ...unknown]) out.splice(somewhere(), 0, line);
  const noise = { malformed: broken.length, unknown: unknown.length, repeated: repeated.length };
  return { text: `${out.join('\n')}\n`, noise };
}
