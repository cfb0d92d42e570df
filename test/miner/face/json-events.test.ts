import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { MinerEvent } from '../../../miner/event.ts';
import { jsonLine, type StatisticsEvent } from '../../../miner/face/json-events.ts';
import { disagreements, documentText } from '../../kit/documented-fields.ts';
import { SOME_STATS } from '../../kit/miner-stats.ts';

const PROBLEM = { code: 'silent', text: 'it has fallen silent' } as const;
/** One of each: an event of another type does not compile until it stands here. */
const EVENTS: { readonly [Type in MinerEvent['type']]: Extract<MinerEvent, { readonly type: Type }> } = {
  connecting: { type: 'connecting', pool: 'p' },
  connected: { type: 'connected', pool: 'p' },
  authorized: { type: 'authorized', user: 'u' },
  disconnected: { type: 'disconnected', problem: PROBLEM, retryInMs: 1_000 },
  difficulty: { type: 'difficulty', difficulty: 1 },
  job: { type: 'job', jobId: 'j', clean: true, difficulty: 1, networkDifficulty: null },
  'share-found': { type: 'share-found', shareDifficulty: 1, hash: '00', isBlock: false },
  'share-accepted': { type: 'share-accepted', difficulty: 1, isBlock: false, latencyMs: 2 },
  'share-refused': { type: 'share-refused', refusal: 'stale', text: 't', isBlock: false },
  'share-unanswered': { type: 'share-unanswered', isBlock: false },
  'share-discarded': { type: 'share-discarded' },
  message: { type: 'message', text: 't' },
  problem: { type: 'problem', problem: PROBLEM },
  pool: { type: 'pool', pool: 'p', user: 'u' },
  'pool-away': { type: 'pool-away', pool: 'p', problem: PROBLEM },
  elsewhere: { type: 'elsewhere', pool: 'p', event: { type: 'stopped' } },
  kernel: { type: 'kernel', thread: 0, kernel: 'js', basis: 'measured' },
  stopped: { type: 'stopped' },
};
const STATISTICS: StatisticsEvent = { type: 'statistics', ...SOME_STATS, temperatureCelsius: 61.5 };

const [, SECTION = ''] = documentText('miner.md').split('\n## Lines of JSON\n');
const [GUIDE = ''] = SECTION.split('\n## ');

/** The rows of the guide's tables whose first cell is code: its names, and those of the second cell. */
function guideRows(table: string): [names: string[], fields: string[]][] {
  return [...table.matchAll(/^\| (`[^|]+) \|([^|]*)\|/gm)].map(([, names = '', fields = '']) => [
    codeIn(names),
    codeIn(fields),
  ]);
}

function codeIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}

const [EVENT_TABLE = '', FIELD_TABLE = ''] = GUIDE.split('| field | meaning |');

describe('the lines of --json', () => {
  test('are one JSON object each, with time and type', () => {
    const line = jsonLine(EVENTS.message, Date.UTC(2026, 0, 2, 3, 4, 5, 6));
    assert.equal(line, '{"time":"2026-01-02T03:04:05.006Z","type":"message","text":"t"}\n');
    assert.equal(jsonLine({ type: 'message', text: 'a\nb\u2028' }, 0).split('\n').length, 2);
  });

  test('have null for what is no finite number', () => {
    const line = jsonLine({ ...STATISTICS, difficulty: Number.POSITIVE_INFINITY }, 0);
    assert.equal((JSON.parse(line) as { readonly difficulty: unknown }).difficulty, null);
  });

  test('are those that the guide lists, with those fields', () => {
    const listed = new Map(guideRows(EVENT_TABLE).map(([[type = ''], fields]) => [type, fields.toSorted()]));
    const sent = new Map(
      Object.values(EVENTS).map((event): [string, string[]] => [
        event.type,
        Object.keys(event)
          .filter((key) => key !== 'type')
          .sort(),
      ]),
    );
    listed.delete('statistics');
    assert.deepEqual(listed, sent);
  });

  test('have the figures that the guide lists', () => {
    const listed = guideRows(FIELD_TABLE).flatMap(([names]) => names);
    const { type, threadHashRates, ...figures } = STATISTICS;
    assert.deepEqual(disagreements(listed, { ...figures, threadHashRates: threadHashRates[0] }), []);
  });
});
