/** The methods, arguments and fields of the RPC against those that Bitcoin Core documents. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import * as z from 'zod';
import { PROFILES } from '../../../protocol/network.ts';
import { allFields, type HelpFields, readHelp } from '../../kit/rpc-help-fields.ts';
import { startTestNode } from '../node-kit.ts';
import { METHODS, REGTEST_METHODS } from './method-table.ts';

/** Paths with reasons. A path stands for all that is below it too. */
const Reasons = z.record(z.string(), z.string()).default({});
const Difference = z.strictObject({ omitted: Reasons, added: Reasons, optional: Reasons });
const CoreFields = z.strictObject({
  source: z.string(),
  notation: z.string(),
  methods: z.record(
    z.string(),
    z.strictObject({ arguments: z.array(z.string()), fields: z.record(z.string(), z.string()) }),
  ),
  differences: z.record(z.string(), Difference),
});

const CORE = CoreFields.parse(
  JSON.parse(readFileSync(new URL('../../vectors/core-rpc-fields.json', import.meta.url), 'utf8')),
);
const EVERYWHERE = CORE.differences.everywhere!;

/** Methods that Bitcoin Core does not have. */
const OWN = METHODS.filter((name) => name.startsWith('getaddress') || name === 'getspentinfo');

/** Whether a path, or one it is in, is listed; the lists of all methods name the end of a path. */
function isListed(path: string, method: string, kind: 'omitted' | 'added' | 'optional'): boolean {
  const reasons = Object.keys(CORE.differences[method]?.[kind] ?? {});
  const own = reasons.some((listed) => path === listed || path.startsWith(`${listed}.`));
  return (
    own || Object.keys(EVERYWHERE[kind]).some((listed) => path === listed || path.endsWith(`.${listed}`))
  );
}

/** What a method's help and Bitcoin Core's do not agree about, one line each. */
function disagreements(method: string, fields: HelpFields): string[] {
  const core = CORE.methods[method]!.fields;
  const lines: string[] = [];
  for (const [path, said] of Object.entries(core)) {
    const field = fields.get(path);
    if (field === undefined) {
      if (!isListed(path, method, 'omitted')) lines.push(`${path} is left out`);
      continue;
    }
    const types = said.replace('?', '');
    const ours = [...field.types].sort().join('|');
    if (ours !== types) lines.push(`${path} is ${types} there and ${ours} here`);
    if (field.isOptional && !said.endsWith('?') && !isListed(path, method, 'optional')) {
      lines.push(`${path} may be left out here`);
    }
  }
  const added = [...fields.keys()].filter((path) => !(path in core) && !isListed(path, method, 'added'));
  return [...lines, ...added.map((path) => `${path} is not Core’s`)];
}

/** Listed differences that are none. */
function idle(method: string, fields: HelpFields): string[] {
  const { omitted = {}, added = {}, optional = {} } = CORE.differences[method] ?? {};
  return [
    ...Object.keys(omitted).filter((path) => fields.has(path)),
    ...Object.keys(added).filter((path) => !fields.has(path)),
    ...Object.keys(optional).filter((path) => fields.get(path)?.isOptional !== true),
  ].map((path) => `${method}: ${path} is listed as a difference`);
}

describe('the methods of the node', () => {
  test('are those of the table, each with a help that tells its arguments and results', async (t) => {
    const node = await startTestNode(t);
    const list: string = await node.call('help');
    const names = list.split('\n').flatMap((line) => /^[a-z]+/.exec(line)?.[0] ?? []);
    assert.deepEqual(names.sort(), METHODS);
    for (const name of names) {
      const help: string = await node.call('help', name);
      assert.ok(help.startsWith(name), name);
      assert.ok(readHelp(help).cases.size > 0, `${name} does not tell its result`);
      for (const field of allFields(readHelp(help)).values()) {
        assert.ok(!field.types.has('unknown'), `${name} has a field of any type`);
      }
    }
    assert.equal(await node.call('help', 'fly'), 'help: unknown command: fly');
  });

  test('are fewer where blocks and time are nobody’s to make', async (t) => {
    const node = await startTestNode(t, { profile: PROFILES.dev });
    const list: string = await node.call('help');
    const names = list.split('\n').flatMap((line) => /^[a-z]+/.exec(line)?.[0] ?? []);
    assert.deepEqual(
      names.sort(),
      METHODS.filter((name) => !REGTEST_METHODS.includes(name)),
    );
    assert.equal((await node.answer('setmocktime', 1)).status, 404);
  });

  test('have the arguments and fields of Bitcoin Core’s, but for what is listed with a reason', async (t) => {
    const node = await startTestNode(t);
    const found: string[] = [];
    for (const method of METHODS) {
      if (OWN.includes(method)) continue;
      const core = CORE.methods[method];
      assert.ok(core, `${method} is not in the list of Core’s`);
      const help = readHelp(await node.call('help', method));
      const fields = allFields(help);
      // What is required there may be optional here.
      const names = (list: readonly string[]) => list.map((each) => each.replace('?', ''));
      assert.deepEqual(names(help.arguments), names(core.arguments), `arguments of ${method}`);
      for (const [at, argument] of core.arguments.entries()) {
        if (argument.endsWith('?')) assert.equal(help.arguments[at], argument, method);
      }
      found.push(
        ...disagreements(method, fields).map((line) => `${method}: ${line}`),
        ...idle(method, fields),
      );
    }
    assert.deepEqual(found, []);
  });

  test('are all that is listed of Bitcoin Core', () => {
    const known = METHODS.filter((name) => !OWN.includes(name));
    assert.deepEqual(Object.keys(CORE.methods).sort(), known);
    const methods = Object.keys(CORE.differences).filter((name) => name !== 'everywhere');
    assert.deepEqual(
      methods.filter((name) => !known.includes(name)),
      [],
    );
  });
});
