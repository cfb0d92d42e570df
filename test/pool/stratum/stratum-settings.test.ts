import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_LIMITS } from '../../../pool/stratum/limits.ts';
import { STRATUM_SETTINGS, stratumOptions } from '../../../pool/stratum/stratum-settings.ts';
import { loadSettings, SettingError } from '../../../service/config.ts';

function optionsOf(...argv: readonly string[]) {
  const { values } = loadSettings(STRATUM_SETTINGS, { command: 'nilz pool', argv, env: {} });
  return stratumOptions(values, '/data/dev');
}

test('without any setting there is one TCP port with the default limits', () => {
  const { stratum, limits } = optionsOf();
  assert.deepEqual(stratum, { host: '0.0.0.0', port: 3333, tls: undefined, proxies: [] });
  assert.deepEqual(limits, DEFAULT_LIMITS);
});

test('every limit can be set', () => {
  const { limits } = optionsOf(
    ...['--max-connections', '1', '--max-connections-per-address', '2', '--max-messages-per-second', '3'],
    ...['--max-messages-per-second-per-address', '4', '--max-backlog-kib', '16', '--login-seconds', '5'],
    ...['--authorize-seconds', '6', '--silence-seconds', '7', '--ban-minutes', '0'],
  );
  assert.deepEqual(limits, {
    connections: 1,
    connectionsPerAddress: 2,
    messagesPerSecond: 3,
    messagesPerSecondPerAddress: 4,
    backlogBytes: 16_384,
    loginMs: 5_000,
    authorizeMs: 6_000,
    silenceMs: 7_000,
    banMs: 0,
  });
});

test('the TLS port has a certificate from files, or one of our making', () => {
  const files = { certFile: 'a.crt', keyFile: 'a.key' };
  const fromFiles = optionsOf('--stratum-tls-port', '3334', '--tls-cert', 'a.crt', '--tls-key', 'a.key');
  assert.deepEqual(fromFiles.stratum.tls, { port: 3334, files });
  const selfSigned = optionsOf('--stratum-tls-port', '0', '--tls-self-signed');
  assert.deepEqual(selfSigned.stratum.tls, { port: 0, selfSignedIn: '/data/dev' });
});

test('settings of TLS that do not go together are refused, each with what is missing', () => {
  for (const [argv, message] of [
    [['--stratum-tls-port', '3334'], /needs --tls-cert and --tls-key, or --tls-self-signed/],
    [['--tls-self-signed'], /--stratum-tls-port is missing/],
    [['--tls-cert', 'a', '--tls-key', 'b'], /--stratum-tls-port is missing/],
    [['--stratum-tls-port', '3334', '--tls-cert', 'a'], /go together/],
    [
      ['--stratum-tls-port', '3334', '--tls-cert', 'a', '--tls-key', 'b', '--tls-self-signed'],
      /there is a certificate already/,
    ],
  ] as const) {
    assert.throws(
      () => optionsOf(...argv),
      (error: Error) => error instanceof SettingError && message.test(error.message),
    );
  }
});

test('proxies are networks; anything else is named', () => {
  const { stratum } = optionsOf('--proxy-from', '192.0.2.0/24', '--proxy-from', '::1');
  assert.deepEqual(stratum.proxies, ['192.0.2.0/24', '::1']);
  assert.throws(() => optionsOf('--proxy-from', 'everywhere'), /--proxy-from.*"everywhere" is no network/);
});
