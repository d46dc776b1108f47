/**
 * Progress for people: on a terminal a small table that is drawn in place, otherwise one line for each thing that
 * happens. Writes to one stream and reads nothing.
 */
import { type Paint, paintFor } from '../../services/cli/paint.ts';
import { after, type RunProgress, startOfRun, type TaskNews } from './task-news.ts';

export interface View {
  /** A line that stays. */
  say(text: string): void;
  /** From here on a run is shown; `titles` by task. */
  begin(titles: ReadonlyMap<string, string>, workers: readonly string[]): void;
  take(news: TaskNews): void;
  /** The table stands as it is; nothing more is drawn. */
  end(): void;
}

export interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

export interface ViewOptions {
  readonly stream: Stream;
  readonly noColor: boolean;
  /** Since the demo began. */
  readonly elapsedMs: () => number;
}

const REDRAW_MS = 200;

export function createView(options: ViewOptions): View {
  return options.stream.isTTY === true ? liveView(options) : plainView(options);
}

function plainView({ stream, elapsedMs }: ViewOptions): View {
  let progress = startOfRun(0, []);
  let known: ReadonlyMap<string, string> = new Map();
  const say = (text: string) => void stream.write(`${text}\n`);
  return {
    say,
    begin(titles, workers) {
      known = titles;
      progress = startOfRun(titles.size, workers);
    },
    take(news) {
      progress = after(progress, news);
      say(`${seconds(elapsedMs()).padStart(7)}  ${newsLine(news, known, progress)}`);
    },
    end: () => undefined,
  };
}

function newsLine(
  news: TaskNews,
  titles: ReadonlyMap<string, string>,
  { closed, total }: RunProgress,
): string {
  switch (news.kind) {
    case 'claimed':
      return `claim   ${news.task} by ${news.agent}: ${titles.get(news.task) ?? ''}`;
    case 'closed':
      return `closed  ${news.task} (${closed} of ${total})`;
    case 'committed':
      return `commit  ${news.commit.slice(0, 10)} ${news.subject}`;
  }
}

function liveView({ stream, noColor, elapsedMs }: ViewOptions): View {
  const paint = paintFor(stream, noColor);
  let progress: RunProgress | undefined;
  let known: ReadonlyMap<string, string> = new Map();
  let drawn = 0;
  let redrawing: NodeJS.Timeout | undefined;
  const wipe = () => {
    if (drawn > 0) stream.write(`\x1b[${drawn}F\x1b[J`);
    drawn = 0;
  };
  const draw = () => {
    wipe();
    if (progress === undefined) return;
    const { columns = 80, rows = 24 } = stream;
    const lines = tableOf(progress, known, elapsedMs(), { columns, rows }, paint);
    stream.write(`${lines.join('\n')}\n`);
    drawn = lines.length;
  };
  return {
    say(text) {
      wipe();
      stream.write(`${text}\n`);
      draw();
    },
    begin(titles, workers) {
      known = titles;
      progress = startOfRun(titles.size, workers);
      draw();
      redrawing = setInterval(draw, REDRAW_MS);
    },
    take(news) {
      if (progress !== undefined) progress = after(progress, news);
    },
    end() {
      clearInterval(redrawing);
      draw();
      drawn = 0;
      progress = undefined;
    },
  };
}

const BAR = 20;

/** Lines of the table that are not workers: head, gaps, commits. */
const OTHER_LINES = 11;

/** The table's lines, none wider than the terminal, and no more than it has. Pure. */
export function tableOf(
  progress: RunProgress,
  titles: ReadonlyMap<string, string>,
  elapsedMs: number,
  { columns, rows }: { readonly columns: number; readonly rows: number },
  paint: Paint,
): string[] {
  const { total, closed, working, latest } = progress;
  const done = Math.round((closed / Math.max(1, total)) * BAR);
  const width = Math.max(0, ...Object.keys(working).map((name) => name.length));
  const cut = (text: string) =>
    text.length > columns - 1 ? `${text.slice(0, Math.max(0, columns - 2))}…` : text;
  const head = `  ${'█'.repeat(done)}${'░'.repeat(BAR - done)}  ${closed} of ${total} tasks closed  ${seconds(elapsedMs)}`;
  const workers = Object.entries(working).map(([name, task]) =>
    cut(`  ${name.padEnd(width)}  ${task === '' ? 'waits' : `${task}  ${titles.get(task) ?? ''}`}`),
  );
  const commits = latest.map(({ commit, subject }) => cut(`  ${commit.slice(0, 10)}  ${subject}`));
  // What has scrolled away cannot be drawn over.
  const shown = workers.slice(0, Math.max(1, rows - OTHER_LINES));
  const hidden = workers.length - shown.length;
  const more = hidden === 0 ? [] : [cut(`  and ${hidden} more`)];
  return [
    '',
    paint('bold', cut(head)),
    '',
    ...shown,
    ...more,
    '',
    ...commits.map((line) => paint('dim', line)),
  ];
}

/** `12.3 s`. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
