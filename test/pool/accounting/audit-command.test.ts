import assert from 'node:assert/strict';
import { mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { auditCommand, readNotedHead } from '../../../pool/accounting/audit-command.ts';
import { bytesToHex } from '../../../protocol/bytes.ts';
import { SettingError } from '../../../service/config.ts';
import { DatabaseError } from '../../../service/database.ts';
import { openLedger, share, tamper } from '../../kit/share-kit.ts';
import { temporaryDirectory } from '../../kit/surroundings.ts';

/** A stopped pool's ledger with two batches. */
async function twoBatches(t: TestContext) {
  const { ledger, file } = await openLedger(t);
  await ledger.shares.record(share());
  const first = ledger.shares.head;
  await ledger.shares.record(share());
  const second = ledger.shares.head;
  await ledger.close();
  return { file, first: bytesToHex(first.head), second: bytesToHex(second.head) };
}

/** Runs it as the command line would. */
async function audit(t: TestContext, ...argv: string[]): Promise<{ code: number; text: string }> {
  const printed = t.mock.method(console, 'log', () => undefined);
  const code = await auditCommand.run({ command: 'nilz pool audit', argv, env: {} });
  const text = printed.mock.calls.map(({ arguments: [line] }) => String(line)).join('\n');
  printed.mock.restore();
  return { code, text };
}

test('it says that everything adds up, and ends with 0', async (t) => {
  const { file, second } = await twoBatches(t);
  const { code, text } = await audit(t, '--ledger', file);
  assert.equal(code, 0);
  assert.match(text, /2 batches \(1 to 2, .*\), 2 shares/);
  assert.match(text, new RegExp(`head +${second}`));
  assert.match(text, /Everything adds up\.$/);
});

test('a head that was noted is confirmed, in either form and case', async (t) => {
  const { file, first } = await twoBatches(t);
  for (const head of [first, first.toUpperCase(), `1:${first}`]) {
    const { code, text } = await audit(t, '--ledger', file, '--head', head);
    assert.equal(code, 0);
    assert.match(text, /confirmed: it is the head of batch 1, .*; nothing up to it was removed, changed/);
  }
});

test('a head nobody has seen cannot be judged, and the end is 4; with its number it is a change, and the end is 1', async (t) => {
  const { file } = await twoBatches(t);
  const strange = 'ab'.repeat(32);
  const unknown = await audit(t, '--ledger', file, '--head', strange);
  assert.equal(unknown.code, 4);
  assert.match(
    unknown.text,
    /unknown: no batch that is kept \(batch 1, .* to batch 2, .*\) has it\. Noted before/,
  );
  assert.match(unknown.text, /What is kept adds up; of the noted head nothing can be said\.$/);
  const other = await audit(t, '--ledger', file, '--head', `2:${strange}`);
  assert.equal(other.code, 1);
  assert.match(other.text, /CHANGED: batch 2 is not what it was when this head was noted/);
  const beyond = await audit(t, '--ledger', file, '--head', `3:${strange}`);
  assert.equal(beyond.code, 1);
  assert.match(
    beyond.text,
    /CHANGED: batch 3 is not there, the log ends with batch 2: what came after it was removed/,
  );
});

test('what does not add up is named, and the end is 1', async (t) => {
  const { file, second } = await twoBatches(t);
  await tamper(file, async (database) => {
    await database.run("UPDATE shares SET weight = '4294968' WHERE sequence = 2");
  });
  const { code, text } = await audit(t, '--ledger', file, '--head', second);
  assert.equal(code, 1);
  assert.match(text, /WRONG +the shares of batch 2 are not those that were written, or not in that order/);
  assert.match(text, /noted head +CHANGED: the batch is not what it was/);
  assert.match(text, /This ledger does not add up\.$/);
});

test('as JSON it is one line for programs', async (t) => {
  const { file, first, second } = await twoBatches(t);
  const { code, text } = await audit(t, '--ledger', file, '--head', `1:${first}`, '--json');
  assert.equal(code, 0);
  const report = JSON.parse(text);
  assert.equal(report.outcome, 'adds-up');
  assert.equal(report.network, 'dev');
  assert.deepEqual(report.share_log.findings, []);
  assert.equal(report.share_log.shares, 2);
  assert.equal(report.share_log.head, second);
  assert.equal(report.noted_head.outcome, 'confirmed');
});

test('without --ledger it is the one in the data directory', async (t) => {
  const { file } = await twoBatches(t);
  const datadir = await temporaryDirectory(t);
  await mkdir(join(datadir, 'dev'));
  await rename(file, join(datadir, 'dev', 'pool.sqlite'));
  assert.equal((await audit(t, '--datadir', datadir)).code, 0);
  await assert.rejects(audit(t, '--datadir', dirname(datadir)), (error) => {
    return error instanceof DatabaseError && /pool\.sqlite does not exist/.test(error.message);
  });
});

test('a head that is none is refused, with what it must look like', () => {
  for (const wrong of [
    '',
    'ab',
    `${'ab'.repeat(32)}0`,
    `x:${'ab'.repeat(32)}`,
    `-1:${'ab'.repeat(32)}`,
    `1:`,
  ]) {
    assert.throws(
      () => readNotedHead(wrong),
      (error) => error instanceof SettingError && /64 hex digits/.test(error.message),
    );
  }
});
