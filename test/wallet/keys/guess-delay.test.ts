import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GuessDelay } from '../../../wallet/keys/guess-delay.ts';

const WRONG = new Error('wrong');

function guessing() {
  const pauses: number[] = [];
  const delay = new GuessDelay(async (ms) => {
    pauses.push(ms);
  });
  const guess = (file: string, error?: Error) =>
    delay
      .run(
        file,
        async () => {
          if (error) throw error;
          return 'open';
        },
        (thrown) => thrown === WRONG,
      )
      .catch((thrown: unknown) => thrown);
  return { pauses, guess };
}

test('the first slip costs nothing more, every further one twice as long as the one before, up to half a minute', async () => {
  const { pauses, guess } = guessing();
  for (let count = 0; count < 10; count++) await guess('a', WRONG);
  assert.deepEqual(pauses, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
});

test('a right one clears the account', async () => {
  const { pauses, guess } = guessing();
  for (const error of [WRONG, WRONG, undefined, WRONG, WRONG, WRONG]) await guess('a', error);
  assert.deepEqual(pauses, [1_000, 1_000]);
});

test('files are counted apart, and what is no wrong passphrase is not counted', async () => {
  const { pauses, guess } = guessing();
  for (const file of ['a', 'b', 'c']) for (let count = 0; count < 2; count++) await guess(file, WRONG);
  for (let count = 0; count < 5; count++) await guess('d', new Error('disk'));
  assert.deepEqual(pauses, []);
});

test('guesses at once are made one after the other', async () => {
  let running = 0;
  let most = 0;
  const delay = new GuessDelay(async () => undefined);
  const attempts = Array.from({ length: 5 }, () =>
    delay.run(
      'a',
      async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
      },
      () => false,
    ),
  );
  await Promise.all(attempts);
  assert.equal(most, 1);
});
