import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatAmount, MAX_MONEY } from '../../../protocol/amount.ts';
import { SettingError } from '../../../service/config.ts';
import { chosenFee } from '../../../wallet/cli/fee-option.ts';
import { outPoints, outPointText } from '../../../wallet/cli/out-point-option.ts';
import { exactAmount, paidAmount } from '../../../wallet/cli/paid-amount.ts';
import { payeeLines } from '../../../wallet/cli/payee-file.ts';
import { AddressNames, writtenPayees } from '../../../wallet/cli/payees.ts';

const TXID = '4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b';
const NOBODY = { to: undefined, amount: undefined, pay: [], file: undefined };

test('every amount is read to the nit as it is written', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: MAX_MONEY }), (nits) => {
      assert.equal(exactAmount(formatAmount(nits), '--amount'), nits);
      assert.equal(exactAmount(formatAmount(nits).replace(/\.?0+$/, ''), '--amount'), nits);
    }),
  );
  assert.equal(exactAmount('007.5', '--amount'), 750_000_000n);
  assert.equal(paidAmount('MAX', '--amount'), 'max');
});

test('an amount in another form is refused with what is wrong with it', () => {
  for (const [text, why] of [
    ['0.000000001', /eighth decimal/],
    ['1.', /must be decimal digits/],
    ['.5', /must be decimal digits/],
    ['-1', /is not negative/],
    ['−1', /is not negative/],
    ['+1', /must be decimal digits/],
    ['1e8', /no exponent/],
    ['1E-8', /no exponent/],
    ['1,000', /comma/],
    ['1,5', /comma/],
    ['1 000', /must be decimal digits/],
    ['NaN', /must be decimal digits/],
    ['Infinity', /must be decimal digits/],
    ['0x10', /must be decimal digits/],
    ['١', /must be decimal digits/],
    ['', /must be decimal digits/],
    ['21000001', /21000000/],
    ['9'.repeat(5_000), /9{40}…: must be/],
  ] as const) {
    assert.throws(
      () => exactAmount(text, '--amount'),
      (error) =>
        error instanceof SettingError && error.message.startsWith('--amount') && why.test(error.message),
      text,
    );
  }
});

test('no text that is not an amount passes for one', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 30 }), (text) => {
      fc.pre(!/^\d{1,8}(\.\d{1,8})?$/.test(text));
      assert.throws(() => exactAmount(text, 'here'), SettingError);
    }),
  );
});

test('a fee is a preset or a rate, and not both', () => {
  assert.deepEqual(chosenFee({ fee: undefined, feeRate: undefined }), {});
  assert.deepEqual(chosenFee({ fee: 'Fast', feeRate: undefined }), { fee: 'fast' });
  assert.deepEqual(chosenFee({ fee: '2.5', feeRate: undefined }), { feeRate: 2_500n });
  assert.deepEqual(chosenFee({ fee: undefined, feeRate: '1.001' }), { feeRate: 1_001n });
  for (const [fee, feeRate, message] of [
    ['fast', '1', /give one of them/],
    ['faster', undefined, /--fee faster: must be one of economy, normal, fast, or a rate from 1 to 10000/],
    ['0.9', undefined, /^--fee: "0\.9" is no fee rate/],
    ['1.0001', undefined, /at most three decimals/],
    [undefined, '-1', /^--fee-rate/],
    [undefined, '1e2', /^--fee-rate/],
  ] as const) {
    assert.throws(() => chosenFee({ fee, feeRate }), { name: 'SettingError', message });
  }
});

test('coins are named TXID:INDEX, each once', () => {
  const named = outPoints(`${TXID.toUpperCase()}:0, ${TXID}:1`, '--coins');
  assert.deepEqual(named.map(outPointText), [`${TXID}:0`, `${TXID}:1`]);
  for (const [text, message] of [
    [`${TXID}:0,${TXID}:0`, /named twice/],
    [TXID, /TXID:INDEX/],
    [`${TXID}:-1`, /TXID:INDEX/],
    [`${TXID.slice(1)}:0`, /TXID:INDEX/],
    ['', /TXID:INDEX/],
  ] as const) {
    assert.throws(() => outPoints(text, '--coins'), { name: 'SettingError', message });
  }
});

test('a file of payees is read as spreadsheets write it', () => {
  const text = '\ufeffaddress,amount\r\n# rent\r\nalice, 1.5\r\n\r\n"Smith, ""Bob""",2\r\n';
  assert.deepEqual(payeeLines(text, 'list.csv'), [
    { who: 'alice', amount: '1.5', source: 'list.csv line 3' },
    { who: 'Smith, "Bob"', amount: '2', source: 'list.csv line 5' },
  ]);
});

test('a line that is no payee is named, and no file makes it slow', () => {
  for (const line of ['alice', 'alice,1,2', 'alice,"1', '"alice"x,1', ',1', 'alice,', 'alice;1']) {
    assert.throws(
      () => payeeLines(`bob,1\n${line}\n`, 'list.csv'),
      /^SettingError: list\.csv line 2: must be ADDRESS,AMOUNT/,
    );
  }
  assert.throws(() => payeeLines('# nobody\n', 'list.csv'), /has no payees/);
  assert.throws(() => payeeLines('a,1\n'.repeat(3_501), 'list.csv'), /3501 payees/);
  for (const long of ['"a'.repeat(50_000), 'a ,'.repeat(50_000), `a${' '.repeat(100_000)}"`]) {
    assert.throws(() => payeeLines(long, 'list.csv'), SettingError);
  }
});

test('payees come from --to, --pay and a payment URI, and never from two amounts', () => {
  const payees = writtenPayees({ ...NOBODY, to: 'alice', amount: '1', pay: ['bob=2', 'a=b=max'] });
  assert.deepEqual(
    payees.map(({ who, amount }) => [who, amount]),
    [
      ['alice', 100_000_000n],
      ['bob', 200_000_000n],
      ['a=b', 'max'],
    ],
  );
  const address = 'rnilz1qquv9lg5g2r4jkr0ahun0ddfg5xntxjel7ezauv';
  const uri = `nilzcoin:${address}?amount=0.25&label=Shop&message=Order%207`;
  assert.deepEqual(writtenPayees({ ...NOBODY, to: uri }), [
    { who: address, amount: 25_000_000n, said: 'Shop: Order 7' },
  ]);
  for (const [values, message] of [
    [NOBODY, /--to is missing/],
    [{ ...NOBODY, amount: '1' }, /--to is missing/],
    [{ ...NOBODY, to: 'alice' }, /--amount is missing/],
    [{ ...NOBODY, to: `nilzcoin:${address}` }, /--amount is missing/],
    [{ ...NOBODY, to: uri, amount: '1' }, /another than the one of the payment URI/],
    [{ ...NOBODY, to: uri, amount: 'max' }, /--amount max: must be decimal digits/],
    [{ ...NOBODY, pay: ['alice'] }, /--pay alice: must be WHO=AMOUNT/],
    [{ ...NOBODY, pay: ['=1'] }, /must be WHO=AMOUNT/],
    [{ ...NOBODY, pay: ['alice=1e3'] }, /^--pay alice= 1e3: .*no exponent/],
    [{ ...NOBODY, pay: [uri] }, /give it as --to/],
    [{ ...NOBODY, pay: ['alice=max', 'bob=max'] }, /only one payee can get it/],
    [{ ...NOBODY, file: '/nowhere/list.csv' }, /--file \/nowhere\/list\.csv: there is no such file/],
  ] as const) {
    assert.throws(() => writtenPayees(values), { name: 'SettingError', message });
  }
});

test('who is nobody known is said to be so; a payment URI of another program is told by its beginning', () => {
  const names = new AddressNames([], [], { hrp: 'rnilz' });
  for (const [who, message] of [
    ['nobody', /^"nobody" is no address, and no contact and no label of this wallet has this name$/],
    ['Smith, "Bob"', /no contact and no label/],
    ['two\nlines', /^"two\\nlines" is no address/],
    ['bitcoin:bcrt1qqqq?amount=1', /begins with "bitcoin:" is for another program; here .* "nilzcoin:"$/],
  ] as const) {
    assert.throws(() => names.addressOf(who), { name: 'SettingError', message });
  }
  // A mistyped address is for its reader to judge.
  const mistyped = 'rnilz1qquv9lg5g2r4jkr0ahun0ddfg5xntxjel7ezauw';
  assert.equal(names.addressOf(mistyped), mistyped);
});
