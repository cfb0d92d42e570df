import { coinbaseOf, type Job, makeJob } from '../../pool/jobs/job.ts';
import { newTip } from '../../pool/jobs/tip.ts';
import { checkShare, MerkleRoots, type ShareTerms } from '../../pool/stratum/share.ts';
import { bytesToHex, concatBytes } from '../../protocol/bytes.ts';
import { sha256d as nobleSha256d } from '../../protocol/sha256-noble.ts';
import { JOB_SETTINGS, ManualClock, someTemplate } from '../kit/session-kit.ts';
import { compare, measure, type Row } from './measure.ts';

export const title = 'Checking a share (12 merkle branches), one thread';

const BRANCHES = 12;
const SHARES = 500;
const USER = 'dnilz1qexample.rig';
const EXTRANONCE1 = Uint8Array.of(0, 0, 0xa7, 0xc3);
const EXTRANONCE = { extranonce1: EXTRANONCE1, extranonce2Size: 4 };
/** Every header is a share; the network's target makes none of them a block. */
const LEVEL = {
  difficulty: 2 ** -31,
  target: new Uint8Array(32).fill(0xff),
  weight: 2n,
};

/** The textbook way: coinbase, branch and header hashed anew for every share. */
function naiveCheck(job: Job, extranonce2: Uint8Array, nonce: number): boolean {
  let root = nobleSha256d(coinbaseOf(job, EXTRANONCE1, extranonce2));
  for (const sibling of job.merkleBranch) root = nobleSha256d(concatBytes(root, sibling));
  const header = new Uint8Array(80);
  const view = new DataView(header.buffer);
  view.setInt32(0, job.version, true);
  header.set(job.previousHash, 4);
  header.set(root, 36);
  view.setUint32(68, job.time, true);
  view.setUint32(72, job.bits, true);
  view.setUint32(76, nonce, true);
  const hash = BigInt(`0x${bytesToHex(nobleSha256d(header).reverse())}`);
  return hash < 1n << 256n;
}

export async function bench(): Promise<Row[]> {
  const branch = Array.from({ length: BRANCHES }, (_, index) => new Uint8Array(32).fill(index));
  const template = someTemplate({ branch });
  const clock = new ManualClock(template.time * 1000);
  const job = makeJob(template, newTip(template.previous, 999), 1, JOB_SETTINGS, clock.steadyMs());
  const worker = { address: 'dnilz1qexample', name: 'rig' };
  const terms: ShareTerms = {
    extranonce: EXTRANONCE,
    workers: new Map([[USER, worker]]),
    roots: new MerkleRoots(),
    findJob: () => ({ job, level: LEVEL, extranonce: EXTRANONCE, versionMask: 0 }),
  };
  let counter = 0;
  const time = template.time.toString(16);
  const check = (rollsExtranonce: boolean) => () => {
    for (let index = 0; index < SHARES; index++) {
      counter = (counter + 1) % 0xffff_ffff;
      const number = counter.toString(16).padStart(8, '0');
      const verdict = checkShare(
        [USER, job.jobId, rollsExtranonce ? number : '00000000', time, number],
        terms,
        clock,
      );
      if (verdict.outcome !== 'accepted') throw new Error(verdict.error.message);
    }
    return SHARES;
  };
  const naive = () => {
    const extranonce2 = new Uint8Array(4);
    for (let index = 0; index < SHARES; index++) {
      counter = (counter + 1) % 0xffff_ffff;
      new DataView(extranonce2.buffer).setUint32(0, counter);
      naiveCheck(job, extranonce2, counter);
    }
    return SHARES;
  };
  const [reference, rolled, cached] = await measure([
    { name: 'noble, anew each time', run: naive },
    { name: 'rolled', run: check(true) },
    { name: 'cached', run: check(false) },
  ]);
  if (!reference || !rolled || !cached) return [];
  return [
    compare('every share with a new extranonce2', '/s', rolled, reference, '≥ 1.6 × noble'),
    compare('merkle root cached (only the nonce rolls)', '/s', cached, reference, '≥ 4 × noble'),
  ];
}
