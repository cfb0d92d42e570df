import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CAPTCHA_REFUSALS } from '../../../faucet/captcha/captcha-check.ts';
import { CHALLENGE_REFUSALS } from '../../../faucet/challenge/challenge-desk.ts';
import { isSolved, readStamp, SCRYPT } from '../../../faucet/challenge/work.ts';
import { REFUSALS } from '../../../faucet/claims/refusal.ts';
import { REFUSAL_ANSWERS } from '../../../faucet/http/refusal-answer.ts';
import { disagreements, documentedAnswers, documentText } from '../../kit/documented-fields.ts';
import { FaceKit } from '../../kit/faucet-face-kit.ts';
import { claimantAddress } from '../../kit/faucet-kit.ts';
import { findStamp } from '../../kit/solved-stamp.ts';

const DOCUMENT = 'faucet.md';

describe('docs/faucet.md', () => {
  const documented = documentedAnswers(DOCUMENT);
  const fieldsOf = (title: string): readonly string[] => {
    const fields = documented.get(title)?.tables[0];
    assert.ok(fields !== undefined && fields.length > 0, `there is a table for ${title}`);
    return fields;
  };

  test('every documented field is in the real answer, and no other', async (context) => {
    const face = await FaceKit.start(context, { face: { explorerUrl: 'http://127.0.0.1:5010/explorer' } });
    const address = claimantAddress('alice');
    const health = await face.get('/health');
    assert.deepEqual(disagreements(fieldsOf('GET /health'), health.body), []);
    const challenge = await face.get<{ token: string; attempts: number }>(`/challenge?address=${address}`);
    assert.deepEqual(disagreements(fieldsOf('GET /challenge'), challenge.body), []);
    const { token, attempts } = challenge.body;
    const claim = await face.post<{ id: string }>('/claim', {
      address,
      challenge: findStamp(token, attempts),
    });
    assert.deepEqual(disagreements(fieldsOf('POST /claim'), claim.body), []);
    await face.confirm(claim.body.id);
    const found = await face.get(`/claims/${claim.body.id}`);
    assert.deepEqual(disagreements(fieldsOf('POST /claim'), found.body), []);
  });

  test('its examples have the documented fields', () => {
    for (const { title, tables, examples } of documented.values()) {
      for (const example of examples) assert.deepEqual(disagreements(tables[0] ?? [], example), [], title);
    }
  });

  test('every code of a refusal is there, with its status and its sentence', () => {
    const text = documentText(DOCUMENT);
    const sentences = { ...REFUSALS, ...CAPTCHA_REFUSALS, ...CHALLENGE_REFUSALS };
    for (const [code, { status }] of Object.entries(REFUSAL_ANSWERS)) {
      const sentence = sentences[code as keyof typeof sentences];
      assert.ok(text.includes(`| \`${code}\` | ${status} | ${sentence} |`), code);
    }
  });

  test('the cost of a hash and the solution of the example are true', async () => {
    const [example] = documented.get('GET /challenge')?.examples ?? [];
    const { token, attempts, scrypt } = example as { token: string; attempts: number; scrypt: object };
    const { n, r, p, bytes } = SCRYPT;
    assert.deepEqual({ ...scrypt, salt: undefined }, { n, r, p, bytes, salt: undefined });
    assert.equal(readStamp(findStamp(token, attempts))?.nonce, 5);
    assert.ok(isSolved(new Uint8Array(32), attempts));
  });
});
