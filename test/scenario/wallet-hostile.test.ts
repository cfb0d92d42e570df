/** Hostile texts, sizes and shapes at a real page of the wallet, from a window that has a session. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Devnet } from '../kit/devnet.ts';
import { PASSPHRASE } from '../kit/wallet-gui-kit.ts';
import { windowFromHome } from '../kit/wallet-gui-process.ts';
import { temporaryDirectory } from '../service/temporary-directory.ts';

const FEE = { preset: 'normal' } as const;

test('a window that says what it should not breaks nothing', { timeout: 300_000 }, async (t) => {
  const devnet = await Devnet.start(await temporaryDirectory(t), ['--no-mine']);
  t.after(() => devnet.kill());
  const here = await windowFromHome(devnet);
  const words = devnet.ready.mnemonic;
  const create = { name: 'shared', words, passphrase: PASSPHRASE, words_checked: true };
  const wallet = (await here.ask('wallets/create', create)).wallet.id;
  const bob = devnet.address('bob');
  const alice = devnet.address('alice');

  await t.test('hostile texts are kept as they are, or refused; nothing breaks', async () => {
    const script = '<img src=x onerror=alert(1)>';
    const spoof = '\u202ebob\u2066';
    const texts = [
      script,
      '=HYPERLINK("http://evil","x")',
      '"><svg/onload=alert(1)>',
      '{{7*7}}',
      '😀'.repeat(40),
    ];
    const broken = [spoof, '\u0000', '\ud800', 'a\nb', '\u2028', '   ', 'x'.repeat(2_000)];
    for (const text of [...texts, ...broken]) {
      for (const [call, request] of [
        ['receive/new-address', { wallet, label: text }],
        ['contacts/set', { wallet, name: text, address: bob }],
        ['note', { wallet, address: alice, text }],
      ] as const) {
        const answer = await here.send(call, request);
        assert.ok(
          [200, 400, 422].includes(answer.status),
          `${call} ${JSON.stringify(text)}: ${answer.status}`,
        );
        await answer.body?.cancel();
      }
    }
    // What a spreadsheet would take for a formula is text there too.
    const { rows } = await here.ask('history', { wallet, scope: 'wallet', limit: 1 });
    const [row] = rows;
    assert.ok(row);
    await here.ask('note', { wallet, txid: row.txid, text: '=HYPERLINK("http://evil","x")' });
    const { csv } = await here.ask('history-csv', { wallet, scope: 'wallet' });
    assert.match(csv, /HYPERLINK/);
    assert.doesNotMatch(csv, /(^|[,\n])"?[=@]/);
    const { contacts } = await here.ask('contacts', { wallet });
    // What cannot be seen, or turns the text around it, is in no name: it would pass for another.
    for (const { name } of contacts) assert.doesNotMatch(name, /[\p{Cc}\p{Cf}\p{Cs}\u2028]/u);
    assert.equal((await here.ask('check', { wallet })).sound, true);
  });

  await t.test(
    'requests of any size and shape are refused with a word, and others are answered meanwhile',
    async () => {
      const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
      const shapes = [
        '',
        '[]',
        'null',
        '1e400',
        '{',
        deep,
        '{"__proto__":{"wallet":"x"}}',
        '"\\ud800"',
        'x'.repeat(600_000),
      ];
      for (const body of shapes) {
        const { status } = await here.refusal('overview', body);
        assert.ok([400, 413].includes(status), `${body.slice(0, 30)}: ${status}`);
      }
      for (const id of [
        '../shared',
        '/etc/passwd',
        'shared/../shared',
        '..',
        '@x',
        '__proto__',
        '',
        '\u0000',
      ]) {
        for (const call of ['overview', 'wallets/open', 'wallets/touch', 'keys/words'] as const) {
          const { status } = await here.refusal(call, {
            wallet: id,
            ...(call !== 'overview' && call !== 'wallets/touch' && { passphrase: 'x' }),
          });
          assert.ok([404, 409].includes(status), `${call} ${id}: ${status}`);
        }
        const made = await here.refusal('wallets/create', { ...create, name: id });
        assert.equal(made.status, 422, `create ${id}`);
      }
      for (const amount_nits of ['-1', '1e3', '0x10', '1.5', ' 1', 'NaN', '', '9'.repeat(400), 5]) {
        const { status } = await here.refusal('plan', {
          wallet,
          to: [{ address: bob, amount_nits }],
          fee: FEE,
        });
        assert.ok([400, 422].includes(status), `${amount_nits}: ${status}`);
      }
      const huge = Buffer.alloc(1_000_000, 0x70).toString('base64');
      const began = performance.now();
      const [garbage, state] = await Promise.all([
        here.refusal('psbt/inspect', { wallet, psbt: huge }),
        here.ask('state', {}).then(() => performance.now() - began),
      ]);
      assert.ok([400, 422].includes(garbage.status), JSON.stringify(garbage));
      assert.ok(state < 5_000, `${state} ms`);
    },
  );

  assert.equal(devnet.stderr, '');
});
