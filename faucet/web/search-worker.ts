/** One thread of the search for a solved challenge. It ends when the page ends it. */
import { scrypt } from '@noble/hashes/scrypt.js';
import { isSolved, SALT, SCRYPT, stampOf } from '../challenge/work.ts';
import type { SearchNews, SearchOrder } from './search.ts';

self.addEventListener('message', ({ data }: MessageEvent<SearchOrder>) => search(data));

function search({ token, attempts, first, step }: SearchOrder): void {
  const { n, r, p, bytes } = SCRYPT;
  for (let nonce = first; ; nonce += step) {
    if (isSolved(scrypt(stampOf(token, nonce), SALT, { N: n, r, p, dkLen: bytes }), attempts)) {
      tell({ nonce });
      return;
    }
    tell({ tried: 1 });
  }
}

function tell(news: SearchNews): void {
  postMessage(news);
}
