/** What a page does for its challenge, with the scrypt of Node.js. */
import { scryptSync } from 'node:crypto';
import { isSolved, SALT, SCRYPT, stampOf } from '../../faucet/challenge/work.ts';

/** The smallest nonce whose work is done, or with `wanted` false the smallest whose is not. */
export function findStamp(token: string, attempts: number, wanted = true): string {
  const { n, r, p, bytes } = SCRYPT;
  for (let nonce = 0; ; nonce += 1) {
    const stamp = stampOf(token, nonce);
    const hash = scryptSync(stamp, SALT, bytes, { N: n, r, p, maxmem: 256 * n * r });
    if (isSolved(hash, attempts) === wanted) return stamp;
  }
}
