import { sha256d } from '../../protocol/hash.ts';
import { sha256d as nobleSha256d } from '../../protocol/sha256-noble.ts';
import { publicKeyOf, signDigest } from '../../protocol/signature.ts';
import { verify as nobleVerify } from '../../protocol/verify.ts';
import { nativeVerify } from '../../protocol/verify-native.ts';
import { compare, measure, type Row } from './measure.ts';

export const title = 'Hashes and signatures';

/** Signed digests of distinct keys, so that nothing is cached between checks. */
function samples(count: number) {
  return Array.from({ length: count }, (_, index) => {
    const privateKey = sha256d(Uint8Array.of(1, index & 0xff, index >> 8));
    const digest = sha256d(Uint8Array.of(2, index & 0xff, index >> 8));
    return { digest, publicKey: publicKeyOf(privateKey), signature: signDigest(digest, privateKey) };
  });
}

export async function bench(): Promise<Row[]> {
  const cases = samples(50);
  const run = (check: typeof nobleVerify) => () => {
    for (const { signature, digest, publicKey } of cases) {
      if (!check(signature, digest, publicKey)) throw new Error('a good signature was refused');
    }
    return cases.length;
  };
  const rows: Row[] = [];
  if (nativeVerify === undefined) {
    const [noble] = await measure([{ name: '@noble/secp256k1', run: run(nobleVerify) }]);
    if (noble) rows.push(compare('ECDSA verify, noble (no native addon here)', '/s', noble, undefined, '—'));
  } else {
    const [noble, native] = await measure([
      { name: '@noble/secp256k1', run: run(nobleVerify) },
      { name: 'native', run: run(nativeVerify) },
    ]);
    if (noble && native)
      rows.push(compare('ECDSA verify, native', '/s', native, noble, '≥ 0.8 × C (about 14,400/s)'));
  }

  const header = Uint8Array.from({ length: 80 }, (_, index) => index);
  const hash = (digest: typeof sha256d) => () => {
    for (let nonce = 0; nonce < 1000; nonce++) {
      header[76] = nonce & 0xff;
      digest(header);
    }
    return 1000;
  };
  const [plain, ours] = await measure([
    { name: '@noble/hashes', run: hash(nobleSha256d) },
    { name: 'node:crypto', run: hash(sha256d) },
  ]);
  if (plain && ours) rows.push(compare('SHA-256d of 80 bytes', '/s', ours, plain, '≥ 1.6 × noble'));
  return rows;
}
