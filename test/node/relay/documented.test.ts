import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ROUTES } from '../../../node/relay/http/routes.ts';
import { DEFAULT_RELAY_LIMITS } from '../../../node/relay/relay.ts';
import { RELAY_SETTINGS } from '../../../node/relay/settings.ts';
import { RELAY_ERROR_CODES } from '../../../protocol/relay.ts';
import { RelayEvent } from '../../../protocol/relay-events.ts';

const MANUAL = readFileSync(new URL('../../../docs/relay.md', import.meta.url), 'utf8');

test('the manual of the relay lists every route with its parameters', () => {
  for (const { method, path, query } of ROUTES) {
    const parameters = Object.keys(query.shape);
    const question = parameters.length === 0 ? '' : `?${parameters.join('&')}`;
    assert.ok(
      MANUAL.includes(`| \`${method.toUpperCase()} ${path}${question}\` |`),
      `${method} ${path}${question}`,
    );
  }
});

test('the manual of the relay lists every code of an error and every type of an event', () => {
  for (const code of RELAY_ERROR_CODES) assert.ok(MANUAL.includes(`\`${code}\``), code);
  for (const { shape } of RelayEvent.options) {
    const [type = ''] = shape.type.values;
    assert.ok(MANUAL.includes(`| \`${type}\` |`), type);
  }
});

test('the manual of the relay names settings that there are, and the limits as they are', () => {
  const flags = Object.keys(RELAY_SETTINGS).map(
    (name) => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
  );
  for (const [flag] of MANUAL.matchAll(/(?<![|-])--[a-z][a-z-]*/g))
    assert.ok([...flags, '--help'].includes(flag), flag);
  const { reading, writing, connections, listeners } = DEFAULT_RELAY_LIMITS;
  const shown = (value: number): string => value.toLocaleString('en-US');
  for (const row of [
    `| ${reading.perSecond} a second, ${shown(reading.burst)} at once |`,
    `| ${writing.perSecond} a second, ${writing.burst} at once |`,
    `| ${shown(connections.total)}, ${connections.perAddress} |`,
    `| ${shown(listeners.total)}, ${listeners.perAddress} |`,
  ]) {
    assert.ok(MANUAL.includes(row), row);
  }
});
