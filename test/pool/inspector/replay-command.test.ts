import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { main } from '../../../pool/main.ts';
import { temporaryDirectory } from '../../kit/surroundings.ts';

const CPUMINER = fileURLToPath(new URL('../../vectors/stratum/cpuminer.json', import.meta.url));

/** Runs `nilz pool replay`; what it prints comes back. */
async function replayed(t: TestContext, ...args: readonly string[]) {
  const out = t.mock.method(console, 'log', () => undefined);
  const errors = t.mock.method(console, 'error', () => undefined);
  const code = await main(['replay', ...args], {});
  const text = (mock: typeof out) => mock.mock.calls.map((call) => String(call.arguments[0])).join('\n');
  const result = { code, out: text(out), errors: text(errors) };
  out.mock.restore();
  errors.mock.restore();
  return result;
}

/** The recording with one answer turned into its contrary. */
async function altered(t: TestContext): Promise<string> {
  const recording = JSON.parse(await readFile(CPUMINER, 'utf8')) as { lines: [string, string][] };
  const last = recording.lines.at(-1);
  assert.ok(last);
  last[1] = '{"id":4,"result":null,"error":[23,"low",null]}';
  const file = join(await temporaryDirectory(t), 'altered.json');
  await writeFile(file, JSON.stringify(recording));
  return file;
}

test('a session that is judged as it was ends with 0', async (t) => {
  const { code, out } = await replayed(t, CPUMINER);
  assert.equal(code, 0);
  assert.match(out, /6 submissions: 6 accepted, 0 refused; 6 as recorded/);
  assert.ok(!out.includes('header '), 'nothing is wrong, so nothing is explained');
});

test('one that is not ends with 1, and shows the arithmetic of what differs', async (t) => {
  const { code, out } = await replayed(t, await altered(t));
  assert.equal(code, 1);
  assert.match(out, /DIFFERS: refused \(23: low\) then, accepted here/);
  assert.match(out, /difficulty {2}0\.00\d+ reached, 0\.001 asked, 1 is a block/);
});

test('all of it is told as JSON, and explained when asked for', async (t) => {
  const { out } = await replayed(t, CPUMINER, '--json');
  const report = JSON.parse(out) as { agree: number; shares: { judgement: { outcome: string } }[] };
  assert.equal(report.agree, 6);
  assert.equal(report.shares[5]?.judgement.outcome, 'accepted');
  const explained = await replayed(t, CPUMINER, '--explain');
  assert.equal(explained.out.match(/ {2}header {6}[0-9a-f]{160}/g)?.length, 6);
});

test('what is no recording ends with 2 and the reason', async (t) => {
  const directory = await temporaryDirectory(t);
  const junk = join(directory, 'junk.json');
  await writeFile(junk, '{"lines":');
  for (const [args, complaint] of [
    [[], /give one FILE/],
    [[CPUMINER, CPUMINER], /give one FILE/],
    [[join(directory, 'nothing.json')], /nothing\.json: ENOENT/],
    [[junk], /junk\.json: this is no JSON/],
  ] as const) {
    const { code, errors } = await replayed(t, ...args);
    assert.equal(code, 2);
    assert.match(errors, complaint);
  }
});
