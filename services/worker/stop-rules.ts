/**
 * Whether a worker goes on claiming, by the rules of its configuration: a command whose end decides, and a question to the
 * harness after every so many runs. A rule that cannot be asked decides nothing: the worker goes on and says so.
 */
import type { Clock } from '../../shared/clock.ts';
import type { StopRules as Rules } from '../../shared/config/stop-rules.ts';
import type { Environment } from '../../shared/harness/environment.ts';
import type { Log } from '../../shared/log.ts';
import { askCommand } from './stop-command.ts';

export interface StopRulesOptions {
  readonly rules: Rules;
  /** Where the command runs: the project's folder. */
  readonly folder: string;
  readonly environment: Environment;
  readonly clock: Clock;
  readonly log: Log;
}

export class StopRules {
  readonly #options: StopRulesOptions;
  #runs = 0;
  #isJudgedOver = false;

  constructor(options: StopRulesOptions) {
    this.#options = options;
  }

  /** Asked before each claim and after each run; false: leave. Rejects only when the signal aborts. */
  async goesOn(when: 'before' | 'after', signal: AbortSignal): Promise<boolean> {
    const { rules, log } = this.#options;
    if (when === 'after') {
      this.#runs += 1;
      if (this.#isJudgedOver) {
        log.info({ runs: this.#runs }, 'the harness was asked whether to go on, and said no');
        return false;
      }
    }
    const rule = rules.quantitative;
    if (rule === undefined || (rule.when !== 'both' && rule.when !== when)) return true;
    const run = when === 'before' ? this.#runs + 1 : this.#runs;
    if (run % rule.every !== 0) return true;
    if ((await askCommand(rule, this.#options, signal)) !== true) return true;
    log.info({ run, decision: rule.decision }, 'the stop rule is met');
    return rule.decision === 'continue';
  }

  /** The question that the run which ends now is followed by; undefined: none. An overridden prompt is not asked about. */
  question(isOverride: boolean): string | undefined {
    const rule = this.#options.rules.qualitative;
    if (rule === undefined || isOverride) return undefined;
    return (this.#runs + 1) % rule.every === 0 ? rule.prompt : undefined;
  }

  /** Takes the answer: the first word of its last message. */
  answered(text: string): void {
    const { rules, log } = this.#options;
    const word = /\S+/.exec(text)?.[0];
    const isStop = word === '0';
    if (!isStop && word !== '1') {
      log.warn({ answer: text.slice(0, 200) }, 'the answer to the stop question begins with neither 0 nor 1');
    }
    const isInvalid = !isStop && word !== '1';
    this.#isJudgedOver = isInvalid ? rules.qualitative?.onInvalid === 'stop' : isStop;
  }
}
