import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CAPTCHA_SETTINGS, captchaOptions } from '../../../faucet/captcha/captcha-settings.ts';
import { loadSettings } from '../../../service/config.ts';

function load(env: Record<string, string>, argv: readonly string[] = []) {
  return captchaOptions(loadSettings(CAPTCHA_SETTINGS, { command: 'nilz faucet', argv, env }).values);
}

describe('the settings of captchas', () => {
  test('without a secret there is none', () => {
    assert.equal(load({}), undefined);
    assert.equal(load({}, ['--captcha-site-key', 'key']), undefined);
  });

  test('the secret says which provider it is', () => {
    assert.equal(load({ HCAPTCHA_SECRET: 's' })?.provider.name, 'hcaptcha');
    const recaptcha = load({ RECAPTCHA_SECRET: 's' });
    assert.equal(recaptcha?.provider.verifyUrl, 'https://www.google.com/recaptcha/api/siteverify');
    assert.throws(() => load({ HCAPTCHA_SECRET: 's', RECAPTCHA_SECRET: 's' }), /both set/);
  });

  test('addresses of its own are let into the page, if they are safe', () => {
    const options = load({ HCAPTCHA_SECRET: 's' }, [
      '--captcha-script-url',
      'https://captcha.example/js/api.js',
      '--captcha-verify-url',
      'http://127.0.0.1:9/verify',
    ]);
    assert.ok(options?.provider.sources.includes('https://captcha.example'));
    assert.equal(options?.provider.verifyUrl, 'http://127.0.0.1:9/verify');
    for (const url of [
      'http://captcha.example/',
      'ftp://x',
      'javascript:alert(1)',
      'x',
      'http://127.0.0.1.evil.example/',
    ]) {
      assert.throws(() => load({ HCAPTCHA_SECRET: 's' }, ['--captcha-verify-url', url]), /https/, url);
    }
  });
});
