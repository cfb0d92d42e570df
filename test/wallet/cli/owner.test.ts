import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import decodeQR from 'qr/decode.js';
import { CommandBench, OWN_WORDS, type Ran } from './command-bench.ts';

let bench: CommandBench;
let path: string;

before(async () => {
  bench = await CommandBench.start();
  path = await bench.walletFile();
});

after(() => bench.stop());

/** Runs a command on the one wallet; it has to succeed. */
async function run(...argv: string[]): Promise<Ran> {
  const ran = await bench.run([...argv, '--wallet', path]);
  assert.equal(ran.code, 0, ran.errors);
  return ran;
}

async function json<T>(...argv: string[]): Promise<T> {
  return (await run(...argv, '--json')).terminal.json<T>();
}

async function refused(code: number, ...argv: string[]): Promise<string> {
  const ran = await bench.run([...argv, '--wallet', path]);
  assert.equal(ran.code, code, ran.errors);
  return ran.errors;
}

/** What a camera would see of the picture. */
function photograph(lines: readonly string[]): { width: number; height: number; data: Uint8Array } {
  const scale = 4;
  const rows = lines.flatMap((line) => [
    [...line].map((block) => block === '█' || block === '▀'),
    [...line].map((block) => block === '█' || block === '▄'),
  ]);
  const width = (rows[0]?.length ?? 0) * scale;
  const height = rows.length * scale;
  const data = new Uint8Array(width * height * 4).fill(255);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const light = rows[Math.floor(y / scale)]?.[Math.floor(x / scale)] === true;
      data.fill(light ? 255 : 0, 4 * (y * width + x), 4 * (y * width + x) + 3);
    }
  }
  return { width, height, data };
}

describe('nilz wallet receive', () => {
  test('shows the address of a label, its URI, and a code that a camera reads', async () => {
    const { output, terminal } = await run(
      'receive',
      '--label',
      'alice',
      '--amount',
      '1.50',
      '--message',
      'For two',
    );
    const [address = '', uri] = output.split('\n');
    assert.match(address, /^rnilz1q/);
    assert.equal(uri, `nilzcoin:${address}?amount=1.5&message=For%20two`);
    assert.equal(decodeQR(photograph(terminal.drawn)), uri);
    const again = await json<{ address: string }>('receive', '--label', 'alice');
    assert.equal(again.address, address, 'the same until a new one is asked for');
    const fresh = await json<{ address: string; label: string }>('receive', '--label', 'alice', '--new');
    assert.notEqual(fresh.address, address);
    assert.equal((await json<{ address: string }>('receive', '--label', 'alice')).address, fresh.address);
  });

  test('draws nothing with --no-qr, and nothing beside a JSON document', async () => {
    for (const option of ['--no-qr', '--json']) {
      assert.deepEqual((await run('receive', option)).terminal.drawn, []);
    }
    assert.match(await refused(2, 'receive', '--amount', '1e3'), /--amount 1e3: must be decimal digits/);
  });
});

describe('nilz wallet contacts', () => {
  test('are added, changed, listed and removed', async () => {
    const address = (await json<{ address: string }>('receive', '--label', 'bob')).address;
    const other = (await json<{ address: string }>('receive', '--label', 'carol')).address;
    assert.match((await run('contacts')).output, /No contacts\. "nilz wallet contacts add/);
    await run('contacts', 'add', '--contact', 'Dora', '--address', address);
    await run('contacts', 'add', '--contact', 'dora', '--address', other);
    const { contacts } = await json<{ contacts: unknown[] }>('contacts');
    assert.deepEqual(contacts, [{ name: 'dora', address: other }]);
    await run('contacts', 'remove', '--contact', 'DORA');
    assert.deepEqual((await json<{ contacts: unknown[] }>('contacts')).contacts, []);
    assert.match(await refused(2, 'contacts', 'remove', '--contact', 'Dora'), /no contact "Dora"/);
    assert.match(await refused(2, 'contacts', 'add', '--contact', 'Dora'), /--address is missing/);
    assert.match(await refused(2, 'contacts', 'add', '--address', address), /--contact is missing/);
    assert.match(
      await refused(
        2,
        'contacts',
        'add',
        '--contact',
        'Dora',
        '--address',
        '1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2',
      ),
      /address of Bitcoin \(main\)/,
    );
  });
});

describe('nilz wallet note', () => {
  test('writes beside an address or a transaction, and the history finds it', async () => {
    const { txid } = await json<{ txid: string }>(
      ...['send', '--from-label', 'alice', '--to', 'bob', '--amount', '1', '--yes'],
    );
    await run('note', '--txid', txid, '--text', 'rent for May');
    const found = await json<{ entries: { note: string; txid: string }[] }>('history', '--text', 'RENT');
    assert.ok(found.entries.length > 0 && found.entries.every((entry) => entry.txid === txid));
    assert.equal(found.entries[0]?.note, 'rent for May');
    await run('note', '--txid', txid, '--remove');
    assert.equal((await json<{ entries: unknown[] }>('history', '--text', 'RENT')).entries.length, 0);
    assert.match(await refused(2, 'note', '--text', 'x'), /either --address or --txid/);
    assert.match(await refused(2, 'note', '--txid', txid), /either --text or --remove/);
    assert.match(await refused(2, 'note', '--txid', txid, '--text', 'two\nlines'), /one line/);
  });
});

describe('nilz wallet settings', () => {
  test('are shown and changed, and the preset is what payments use', async () => {
    const shown = await json<Record<string, unknown>>('settings');
    assert.deepEqual([shown.preset, shown.auto_lock_minutes], ['normal', 10]);
    const changed = await json<Record<string, unknown>>(
      'settings',
      '--preset',
      'fast',
      '--auto-lock-minutes',
      '0',
    );
    assert.deepEqual([changed.preset, changed.auto_lock_minutes], ['fast', 0]);
    const fees = await json<{ default_preset: string; minimum_fee_rate: number }>('fees');
    assert.deepEqual([fees.default_preset, fees.minimum_fee_rate], ['fast', 1]);
    assert.match((await run('fees')).output, /fast \* +1 +2 blocks +too few payments for an estimate/);
    assert.match(await refused(2, 'settings', '--auto-lock-minutes', '-1'), /--auto-lock-minutes -1/);
  });
});

describe('nilz wallet check', () => {
  test('says that everything adds up, and that the words were not checked yet', async () => {
    const { output } = await run('check');
    assert.match(output, /ok +sums/);
    assert.match(output, /!! +backup/);
    const { sound, findings } = await json<{ sound: boolean; findings: { name: string }[] }>('check');
    assert.ok(sound && findings.length >= 5);
  });
});

describe('nilz wallet addresses', () => {
  test('are told with what became of them', async () => {
    const { addresses } = await json<{
      addresses: { chain: string; label: string; used: boolean; balance_nits: string }[];
    }>(...['addresses', '--label', 'carol']);
    assert.ok(addresses.length > 0 && addresses.every(({ label }) => label === 'carol'));
    assert.ok(addresses.some(({ used, balance_nits: nits }) => used && BigInt(nits) > 0n));
  });
});

test('nilz wallet scan finds what lies beyond the gap', async () => {
  const words = await bench.walletFile(OWN_WORDS);
  const far = await bench.walletFile(OWN_WORDS);
  let address = '';
  for (let n = 0; n < 30; n++) {
    address = (await bench.run(['new-address', '--wallet', far, '--json'])).terminal.json<{
      address: string;
    }>().address;
  }
  await bench.rpc.call('generatetoaddress', [1, address]);
  const near = await bench.run(['scan', '--wallet', words, '--json']);
  assert.equal(near.terminal.json<{ used_addresses: number }>().used_addresses, 0);
  assert.match(near.errors, /a larger --gap-limit looks further/);
  const wide = await bench.run(['scan', '--wallet', words, '--gap-limit', '50', '--json']);
  const found = wide.terminal.json<{ used_addresses: number; total: number }>();
  assert.equal(found.used_addresses, 1);
  assert.ok(found.total >= 50, 'the reward, and the fees of what waited');
});

describe('nilz wallet rename-label', () => {
  interface History {
    readonly entries: readonly { readonly txid: string }[];
  }
  interface Balance {
    readonly labels: readonly { readonly label: string; readonly balance_nits?: string }[];
  }

  test('keeps what the label has, its addresses and its history, and refuses a name that is taken', async () => {
    const { address } = await json<{ address: string }>('new-address', '--label', 'old name');
    await run('send', '--from-label', 'alice', '--to', address, '--amount', '3', '--yes');
    // Change of the label: it belongs to whoever paid.
    await run('send', '--from-label', 'old name', '--to', 'bob', '--amount', '1', '--yes');
    const before = await json<Balance>('balance');
    const rows = (await json<History>('history', '--label', 'old name')).entries;
    assert.equal(rows.length, 2);

    const told = await json<object>('rename-label', '--label', 'old name', '--new-name', ' new  ');
    assert.deepEqual({ ...told, network: undefined }, { network: undefined, label: 'new', was: 'old name' });
    const renamed = ({ labels }: Balance) =>
      labels.map((each) => ({ ...each, label: each.label === 'old name' ? 'new' : each.label }));
    assert.deepEqual((await json<Balance>('balance')).labels, renamed(before));
    const after = (await json<History>('history', '--label', 'new')).entries;
    assert.deepEqual(
      after.map(({ txid }) => txid),
      rows.map(({ txid }) => txid),
    );
    const { output } = await run('send', '--from-label', 'new', '--to', 'bob', '--amount', '0.5', '--yes');
    assert.match(output, /[0-9a-f]{64}/);

    assert.match(await refused(2, 'rename-label', '--label', 'new', '--new-name', 'alice'), /already/);
    assert.match(await refused(2, 'rename-label', '--label', 'old name', '--new-name', 'x'), /no label/);
    assert.match(await refused(2, 'rename-label', '--label', 'new', '--new-name', address), /is an address/);
    assert.match(await refused(2, 'rename-label', '--label', 'new'), /--new-name is missing/);
  });
});
