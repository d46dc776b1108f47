/**
 * What an agent is doing, in one word, for its beats: `starting`, `waiting`, `working`, `leaving`.
 */
export class AgentState {
  #word = 'starting';
  #onChange: () => void = () => {};

  get word(): string {
    return this.#word;
  }

  become(word: string): void {
    if (word === this.#word) return;
    this.#word = word;
    this.#onChange();
  }

  /** Calls back on each change; one listener at a time. */
  onChange(listener: () => void): void {
    this.#onChange = listener;
  }
}
