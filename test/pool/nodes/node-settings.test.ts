import assert from 'node:assert/strict';
import { test } from 'node:test';
import { POOL_SETTINGS, poolOptions } from '../../../pool/settings.ts';
import { loadSettings, SettingError } from '../../../service/config.ts';
import { POOL_ADDRESS } from '../../kit/pool-kit.ts';

function nodesOf(...argv: readonly string[]) {
  const line = ['--address', POOL_ADDRESS, '--datadir', '/data', ...argv];
  const { values } = loadSettings(POOL_SETTINGS, { command: 'nilz pool', argv: line, env: {} });
  return poolOptions(values, () => '', {}).nodes;
}

test('without a setting the node of this machine serves, with the cookie of the data directory', () => {
  assert.deepEqual(nodesOf(), [{ url: 'http://127.0.0.1:5000', cookieFile: '/data/dev/.cookie' }]);
});

test('several nodes keep their order; a password in the URL needs no cookie', () => {
  const nodes = nodesOf(
    '--node-url',
    'http://u:p@a:1',
    '--node-url',
    'http://b:2',
    '--node-url',
    'http://c:3',
  );
  assert.deepEqual(nodes, [
    { url: 'http://u:p@a:1' },
    { url: 'http://b:2', cookieFile: '/data/dev/.cookie' },
    { url: 'http://c:3', cookieFile: '/data/dev/.cookie' },
  ]);
});

test('cookie files belong to the nodes without a password, in their order', () => {
  const nodes = nodesOf(
    ...['--node-url', 'http://a:1', '--node-url', 'http://u:p@b:2', '--node-url', 'http://c:3'],
    ...['--node-cookie', '/a/.cookie', '--node-cookie', '/c/.cookie'],
  );
  assert.deepEqual(
    nodes.map(({ cookieFile }) => cookieFile),
    ['/a/.cookie', undefined, '/c/.cookie'],
  );
});

test('what is no URL, and a cookie too many, are refused; no password is repeated', () => {
  assert.throws(
    () => nodesOf('--node-url', 'ftp://u:secret@a'),
    (error) => {
      return error instanceof SettingError && !error.message.includes('secret');
    },
  );
  assert.throws(() => nodesOf('--node-url', 'http://u:p@a:1', '--node-cookie', '/c'), /more cookie files/);
});
