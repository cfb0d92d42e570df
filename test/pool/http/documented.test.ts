import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { POOL_SETTINGS } from '../../../pool/settings.ts';
import { disagreements, documentedAnswers } from '../../kit/documented-fields.ts';
import { findEdgeShare, ScriptedEdge } from '../../kit/edge-kit.ts';
import { askJson } from '../../kit/http-client.ts';
import { MINER_ADDRESS, startPoolUnderTest } from '../../kit/pool-kit.ts';
import { findShare, StratumMiner } from '../../kit/stratum-miner.ts';

const OPERATORS_GUIDE = new URL('../../../docs/pool.md', import.meta.url);

test('differences between a document and an answer are seen', () => {
  const documented = ['a', 'list[].x', 'list[].y', 'kinds.*', 'none.z', 'empty[].w'];
  const answer = { a: 1, list: [{ x: 1, y: 2 }], kinds: { p: 1 }, none: null, empty: [] };
  assert.deepEqual(disagreements(documented, answer), []);
  assert.deepEqual(disagreements([...documented, 'empty'], answer), ['not in the answer: empty']);
  assert.deepEqual(disagreements(documented, { ...answer, b: null, list: [{ x: 1 }] }), [
    'not documented: b',
    'not in the answer: list[].y',
  ]);
});

describe('docs/pool-api.md', () => {
  const documented = documentedAnswers();
  const fieldsOf = (title: string, table = 0): readonly string[] => {
    const fields = documented.get(title)?.tables[table];
    assert.ok(fields !== undefined && fields.length > 0, `there is a table for ${title}`);
    return fields;
  };

  test('every documented field is in the real answer, and no other', { timeout: 30_000 }, async (t) => {
    const { pool, directory } = await startPoolUnderTest(t);
    const miner = await StratumMiner.connect(pool.stratumUrl);
    t.after(() => miner.close());
    const work = await miner.login(`${MINER_ADDRESS}.rig`);
    await miner.request('mining.submit', findShare(work).params);
    const { edge, welcome } = await ScriptedEdge.enter(pool);
    t.after(() => edge.socket.terminate());
    assert.ok(welcome.job !== null);
    const { prefix } = welcome;
    const user = `${MINER_ADDRESS}.far`;
    await edge.deliver(findEdgeShare({ job: welcome.job, prefix, sequence: 1, user }).share);
    const token = (await readFile(join(directory, 'pool.token'), 'utf8')).trim();
    const headers = { Authorization: `Bearer ${token}` };
    const answers = [
      ['GET /health', '/health', 0],
      ['GET /stats', '/stats', 0],
      ['GET /workers/{address}', `/workers/${MINER_ADDRESS}`, 0],
      ['GET /blockchain.json', '/blockchain.json', 0],
      ['GET /sessions (admin token)', '/sessions', 0],
      ['GET /edges (admin token)', '/edges', 0],
    ] as const;
    for (const [title, path, table] of answers) {
      const { body, status } = await askJson(pool.httpUrl + path, { headers });
      assert.equal(status, 200, path);
      assert.deepEqual(disagreements(fieldsOf(title, table), body), [], title);
    }
  });

  test('its examples have the fields that are documented', () => {
    for (const { title, tables, examples } of documented.values()) {
      for (const [index, example] of examples.entries()) {
        assert.deepEqual(disagreements(tables[index] ?? [], example), [], title);
      }
    }
  });
});

describe('docs/pool.md', () => {
  let rows: Map<string, string>;
  before(() => {
    // The settings of an edge have a table of their own.
    const [text = ''] = readFileSync(OPERATORS_GUIDE, 'utf8').split('## Mining edge');
    rows = new Map(
      [...text.matchAll(/^\| `--([a-z\d-]+)` \|([^|]*)\|/gm)].map(([, name = '', value = '']) => [
        name,
        value.trim(),
      ]),
    );
  });

  test('has every setting with its default, and no other', () => {
    // A secret has no flag; the guide names its variable where it is needed.
    const flags = Object.entries(POOL_SETTINGS).filter(([, { secret }]) => secret !== true);
    const settings = flags.map(([name, setting]) => {
      const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      const { kind, default: value } = setting;
      if (kind === 'boolean') return [flag, value === true ? 'yes' : 'no'] as const;
      return [flag, value === undefined ? '' : String(value)] as const;
    });
    assert.deepEqual(
      [...rows].toSorted(([a], [b]) => (a < b ? -1 : 1)),
      settings.toSorted(([a], [b]) => (a < b ? -1 : 1)),
    );
  });
});
