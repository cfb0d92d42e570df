/** A terminal for tests: answers what it is told to, and keeps what is shown. */
import assert from 'node:assert/strict';
import { InterruptedError, type Terminal } from '../../wallet/cli/terminal.ts';

/** A question as a pattern, and the answer; a function sees all that was shown before. */
export type Answer = readonly [question: RegExp, answer: string | ((shown: string) => string)];

export class ScriptedTerminal implements Terminal {
  readonly interactive: boolean;
  /** A person whose questions go into a file. */
  readonly unheard: boolean;
  /** Standard output. */
  readonly printed: string[] = [];
  /** Pictures. */
  readonly drawn: string[] = [];
  /** Standard error. */
  readonly noted: string[] = [];
  readonly progressed: string[] = [];
  /** Answers to questions whose typing is not shown. */
  readonly hidden: string[] = [];
  readonly #answers: Answer[];
  readonly #input: string;

  /** @param script the answers of a person in their order, or what a pipe brings */
  constructor(script: readonly Answer[] | string = '', { unheard = false } = {}) {
    this.interactive = typeof script !== 'string';
    this.unheard = unheard;
    this.#answers = typeof script === 'string' ? [] : [...script];
    this.#input = typeof script === 'string' ? script : '';
  }

  get output(): string {
    return this.printed.join('\n');
  }

  get errors(): string {
    return this.noted.join('\n');
  }

  /** What was printed, as the JSON document it should be. */
  json<T>(): T {
    return JSON.parse(this.output) as T;
  }

  print(line: string): void {
    this.printed.push(line);
  }

  draw(lines: readonly string[]): void {
    this.drawn.push(...lines);
  }

  note(line: string): void {
    this.noted.push(line);
  }

  progress(line: string | undefined): void {
    if (line !== undefined) this.progressed.push(line);
  }

  async ask(question: string): Promise<string> {
    return this.#answer(question);
  }

  async askHidden(question: string): Promise<string> {
    const answer = this.#answer(question);
    this.hidden.push(answer);
    return answer;
  }

  async showSecret(secret: string, question: string): Promise<void> {
    this.#answer(question, secret);
  }

  async readInput(): Promise<string> {
    assert.ok(!this.interactive, 'a person is asked line by line');
    return this.#input;
  }

  /** What listens for Enter. */
  readonly enterListeners = new Set<() => void>();

  onEnter(listener: () => void): () => void {
    this.enterListeners.add(listener);
    return () => void this.enterListeners.delete(listener);
  }

  /** All questions of the script were asked. */
  assertDone(): void {
    assert.deepEqual(this.#answers, []);
  }

  #lastSecret = '';

  #answer(question: string, secret?: string): string {
    if (secret !== undefined) this.#lastSecret = secret;
    const [pattern, answer] = this.#answers.shift() ?? [];
    if (pattern === undefined || answer === undefined) throw new InterruptedError();
    assert.match(question, pattern);
    return typeof answer === 'string' ? answer : answer(`${this.#lastSecret}\n${question}`);
  }
}
