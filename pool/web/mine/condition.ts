/** How mining stands, in a word and a sentence. Pure. */
import type { MinerStats } from '../../../miner/figures/statistics.ts';
import type { Tone } from '../../../service/web/panel.ts';
import type { RunState } from './mining-run.ts';

export interface Condition {
  readonly word: string;
  readonly tone: Tone | null;
  /** What that means, and what keeps it from being better. */
  readonly words: string;
}

/** @param stats of the run, or the last ones of the run before */
export function conditionOf(run: RunState, stats: MinerStats | undefined): Condition {
  switch (run.name) {
    case 'off':
      return {
        word: 'not mining',
        tone: null,
        words: stats === undefined ? 'Begins when you press start.' : 'Stopped. These are the last figures.',
      };
    case 'failed':
      return { word: 'not mining', tone: 'bad', words: 'It could not be started.' };
    case 'starting':
      return { word: 'starting', tone: null, words: 'The threads are getting ready.' };
    case 'stopping':
      return { word: 'stopping', tone: null, words: 'Waits for the answers to the last shares.' };
    case 'running':
      return stats === undefined ? conditionOf({ name: 'starting' }, stats) : runningCondition(stats);
  }
}

function runningCondition({ state, problem, difficulty }: MinerStats): Condition {
  const trouble = problem === null ? undefined : `${problem.text}.`;
  switch (state) {
    case 'connecting':
      return { word: 'connecting', tone: 'warn', words: trouble ?? 'Opens a connection to the pool.' };
    case 'connected':
      return { word: 'connected', tone: 'warn', words: trouble ?? 'Introduces itself to the pool.' };
    case 'waiting':
      return {
        word: 'no connection',
        tone: 'bad',
        words: `${trouble ?? ''} It tries again by itself.`.trim(),
      };
    case 'stopped':
      return { word: 'stopped', tone: null, words: '' };
    case 'mining':
      return difficulty === null
        ? { word: 'waiting for work', tone: 'warn', words: 'The pool has none at the moment.' }
        : { word: 'mining', tone: 'good', words: 'Connected to this pool.' };
  }
}
