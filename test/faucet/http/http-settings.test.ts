import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FACE_SETTINGS, faceOptions } from '../../../faucet/http/http-settings.ts';
import { loadSettings } from '../../../service/config.ts';

function load(argv: readonly string[], env: Record<string, string> = {}) {
  return faceOptions(loadSettings(FACE_SETTINGS, { command: 'nilz faucet', argv, env }).values);
}

describe("the settings of the faucet's face", () => {
  test('keep it to this machine, behind no proxy and for no other site, unless said', () => {
    const { host, port, corsOrigins, trustedProxies, captcha, work } = load([]);
    assert.deepEqual(
      { host, port, corsOrigins, trustedProxies, captcha },
      {
        host: '127.0.0.1',
        port: 5020,
        corsOrigins: [],
        trustedProxies: 0,
        captcha: undefined,
      },
    );
    assert.deepEqual(work, { least: 64, most: 4_096 });
    assert.equal(load(['--challenge-attempts', '0']).work, undefined);
  });

  test('take the explorer for a link only where it is one', () => {
    const { explorerUrl } = load(['--explorer-url', 'http://127.0.0.1:5010/explorer/']);
    assert.equal(explorerUrl, 'http://127.0.0.1:5010/explorer');
    for (const url of ['javascript:alert(1)', 'data:text/html,x', 'explorer', '//explorer.example']) {
      assert.throws(() => load(['--explorer-url', url]), /--explorer-url.*must be a URL/, url);
    }
  });

  test('take origins for sites, not addresses of pages', () => {
    const env = { NILZ_FAUCET_CORS_ORIGIN: 'https://a.example,https://b.example:8443' };
    assert.deepEqual(load([], env).corsOrigins, ['https://a.example', 'https://b.example:8443']);
    assert.throws(() => load(['--cors-origin', 'https://a.example/page']), /must be origins/);
  });
});
