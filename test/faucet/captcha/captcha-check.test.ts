import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { CaptchaCheck, type CaptchaRefusal } from '../../../faucet/captcha/captcha-check.ts';
import type { CaptchaOptions } from '../../../faucet/captcha/captcha-settings.ts';
import { PROVIDERS } from '../../../faucet/captcha/provider.ts';
import { systemClock } from '../../../service/clock.ts';
import { FakeCaptcha } from '../../kit/fake-captcha.ts';
import { SILENT } from '../../kit/pool-kit.ts';

const IP = '192.0.2.1';

async function open(
  context: TestContext,
  options: Partial<CaptchaOptions> = {},
): Promise<{ fake: FakeCaptcha; check: CaptchaCheck }> {
  const fake = await FakeCaptcha.start(context);
  const check = new CaptchaCheck(
    {
      provider: { ...PROVIDERS.hcaptcha, verifyUrl: fake.verifyUrl },
      secret: fake.secret,
      siteKey: 'site-key',
      hostnames: [],
      minScore: 0.5,
      ...options,
    },
    systemClock,
    SILENT,
  );
  return { fake, check };
}

function refused(code: CaptchaRefusal) {
  return { name: 'CaptchaError', code };
}

describe('a captcha', () => {
  test('counts when its provider says so, and is asked about with the secret and the client', async (context) => {
    const { fake, check } = await open(context);
    const { challengeId } = await check.check('good', IP);
    assert.match(challengeId, /^captcha:/);
    assert.doesNotMatch(challengeId, /good/);
    assert.deepEqual(Object.fromEntries(fake.asked[0] ?? []), {
      secret: fake.secret,
      response: 'good',
      remoteip: IP,
      sitekey: 'site-key',
    });
  });

  test('does not count when it is wrong, used, or of another site', async (context) => {
    const { check } = await open(context);
    await assert.rejects(check.check('bad', IP), refused('captcha-wrong'));
    await check.check('good', IP);
    await assert.rejects(check.check('good', IP), refused('captcha-spent'));
    const elsewhere = await open(context, { hostnames: ['faucet.example'] });
    await assert.rejects(elsewhere.check.check('good', IP), refused('captcha-wrong'));
    const here = await open(context, { hostnames: ['faucet.example', '127.0.0.1'] });
    await here.check.check('good', IP);
  });

  test('with too low a score does not count', async (context) => {
    const { fake, check } = await open(context);
    fake.answer = (_form, response) => fake.json(response, { success: true, score: 0.3 });
    await assert.rejects(check.check('good', IP), refused('captcha-wrong'));
    fake.answer = (_form, response) => fake.json(response, { success: true, score: 0.7 });
    await check.check('good', IP);
  });

  test('asked about a thousand times at once is one question', async (context) => {
    const { fake, check } = await open(context);
    const outcomes = await Promise.allSettled(Array.from({ length: 1_000 }, () => check.check('good', IP)));
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
    assert.equal(fake.asked.length, 1);
  });
});

describe('a provider', () => {
  const lies: Record<string, (fake: FakeCaptcha) => FakeCaptcha['answer']> = {
    'says nothing': () => (_form, response) => response.end(),
    'speaks HTML': () => (_form, response) => response.end('<h1>Welcome</h1>'),
    'says "true" as a text': (fake) => (_form, response) => fake.json(response, { success: 'true' }),
    'says 1': (fake) => (_form, response) => fake.json(response, { success: 1 }),
    'says a list': (fake) => (_form, response) => fake.json(response, [{ success: true }]),
    'says yes with an error': () => (_form, response) => {
      response.statusCode = 500;
      response.end('{"success":true}');
    },
    'sends us elsewhere': (fake) => (_form, response) => {
      response.statusCode = 307;
      response.setHeader('Location', `${fake.origin}/elsewhere`);
      response.end();
    },
    'hangs up': () => (_form, response) => response.destroy(),
    'never stops': () => (_form, response) => {
      response.write('{"success":true,"pad":"');
      const pad = 'x'.repeat(64 * 1024);
      const more = (): void => {
        while (!response.destroyed && response.write(pad));
      };
      response.on('drain', more);
      more();
    },
  };
  for (const [lie, answer] of Object.entries(lies)) {
    test(`that ${lie} is as good as away, and no captcha counts`, async (context) => {
      const { fake, check } = await open(context);
      fake.answer = answer(fake);
      await assert.rejects(check.check('good', IP), refused('captcha-away'));
      assert.equal(fake.asked.length, 1, 'the secret went to one address');
      // It is found again.
      fake.answer = (form, response) => fake.honest(form, response);
      await check.check('good again', IP);
    });
  }

  test('that is not there is away', async (context) => {
    const { check } = await open(context, {
      provider: { ...PROVIDERS.hcaptcha, verifyUrl: 'http://127.0.0.1:1/siteverify' },
    });
    await assert.rejects(check.check('good', IP), refused('captcha-away'));
  });

  test('that does not know the secret is told of in the log, and clients hear that it is not their fault', async (context) => {
    const { check } = await open(context, { secret: 'wrong' });
    await assert.rejects(check.check('good', IP), refused('captcha-away'));
  });
});
