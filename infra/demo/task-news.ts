/**
 * What the announcements on the topic `task` say, and where a run of the demo stands by them. Pure. For people to
 * watch: the result is judged by other means.
 */

export type TaskNews =
  | { readonly kind: 'claimed'; readonly task: string; readonly agent: string }
  | { readonly kind: 'closed'; readonly task: string; readonly agent: string }
  | { readonly kind: 'committed'; readonly commit: string; readonly subject: string };

/** One mail may hold several announcements, a line each; other lines say nothing to us. */
export function readNews(body: string): TaskNews[] {
  return body.split('\n').flatMap((line): TaskNews[] => {
    const [, claimed, by] = /^claim: (\S+) by (\S+)$/.exec(line) ?? [];
    if (claimed !== undefined && by !== undefined) return [{ kind: 'claimed', task: claimed, agent: by }];
    const [, closed, from] = /^(\S+) closed by (\S+)$/.exec(line) ?? [];
    if (closed !== undefined && from !== undefined) return [{ kind: 'closed', task: closed, agent: from }];
    const [, commit, subject] = /^committer: committed ([0-9a-f]+) (.*)$/.exec(line) ?? [];
    if (commit !== undefined && subject !== undefined) return [{ kind: 'committed', commit, subject }];
    return [];
  });
}

export interface RunProgress {
  readonly total: number;
  readonly closed: number;
  /** What each worker claimed last and has not seen closed. */
  readonly working: Readonly<Record<string, string>>;
  /** Subjects with their commits, newest last, at most five. */
  readonly latest: readonly Extract<TaskNews, { kind: 'committed' }>[];
}

export function startOfRun(total: number, workers: readonly string[]): RunProgress {
  return { total, closed: 0, working: Object.fromEntries(workers.map((name) => [name, ''])), latest: [] };
}

const LATEST = 5;

export function after(progress: RunProgress, news: TaskNews): RunProgress {
  const { working, latest, closed } = progress;
  switch (news.kind) {
    case 'claimed':
      return { ...progress, working: { ...working, [news.agent]: news.task } };
    case 'closed': {
      const isLast = working[news.agent] === news.task;
      return {
        ...progress,
        closed: closed + 1,
        working: isLast ? { ...working, [news.agent]: '' } : working,
      };
    }
    case 'committed':
      return { ...progress, latest: [...latest, news].slice(-LATEST) };
  }
}
