/** Header → double SHA-256 → hash → compared with the target. */
import { bytesToHex, displayHash } from '../../../../protocol/bytes.ts';
import { compactToTarget, showBits } from '../../../../protocol/compact.ts';
import { sha256 } from '../../../../protocol/hash.ts';
import { encodeHeader, type Header } from '../../../../protocol/header.ts';
import type { Target } from '../../../../protocol/units.ts';
import { difficultyOf, meetsTarget, workOf } from '../../../../protocol/work.ts';
import { h, show } from '../../../../service/web/element.ts';
import { count, scaled, significant } from '../../../../service/web/format.ts';
import { panel } from '../../../../service/web/panel.ts';
import { bytesOf, comparedInSize, digits, step, steps, verdict } from './derivation.ts';

const MAX_NONCE = 0xffff_ffff;

/** How the hash of a header comes about, and why it counts as work. */
export function headerDerivation(header: Header): HTMLElement {
  const bytes = encodeHeader(header);
  const once = sha256(bytes);
  const hash = sha256(once);
  return panel(
    'From the header to proof of work',
    steps(
      step('The header', 'Six fields, 80 bytes.', bytesOf(bytes)),
      step('SHA-256', 'Of these 80 bytes (FIPS 180-4).', digits(bytesToHex(once))),
      step('SHA-256 again', 'Of those 32 bytes.', digits(bytesToHex(hash))),
      step(
        'The hash of the block',
        'The same bytes, read from the back, so that the zeros stand in front.',
        digits(displayHash(hash)),
      ),
      ...targetSteps(header, hash),
    ),
  );
}

function targetSteps(header: Header, hash: Uint8Array): HTMLElement[] {
  const target = targetOf(header.bits);
  const bits = showBits(header.bits);
  if (target === undefined) {
    return [step('The target', `The bits ${bits} stand for no number that a hash could meet.`)];
  }
  const exponent = header.bits >>> 24;
  const mantissa = bits.slice(2);
  return [
    step(
      'The target',
      `The bits ${bits} in long: ${mantissa} × 256^(${exponent} − 3). Difficulty ${significant(difficultyOf(header.bits))}.`,
      digits(shownTarget(target)),
    ),
    step(
      'Hash against target',
      `As a number, the hash must not be above the target. It takes ${scaled(Number(workOf(header.bits)))} tries on average.`,
      comparison(hash, target),
    ),
    nonceTrial(header, target),
  ];
}

/** What becomes of the hash when only the nonce is another one. */
function nonceTrial(header: Header, target: Target): HTMLElement {
  const input = h('input', {
    type: 'number',
    min: 0,
    max: MAX_NONCE,
    step: 1,
    value: header.nonce,
    inputmode: 'numeric',
  });
  const result = h('div', { class: 'trial' });
  const update = () => {
    const nonce = Number(input.value);
    const isNonce = input.value !== '' && Number.isInteger(nonce) && nonce >= 0 && nonce <= MAX_NONCE;
    input.setAttribute('aria-invalid', String(!isNonce));
    if (!isNonce) return;
    show(result, comparison(sha256(sha256(encodeHeader({ ...header, nonce }))), target));
  };
  input.addEventListener('input', update);
  update();
  return step(
    'Try another nonce',
    `That is all a miner does, 0 to ${count(MAX_NONCE)}, until a hash is small enough.`,
    h('label', { class: 'chooser' }, 'Nonce ', input),
    result,
  );
}

function comparison(hash: Uint8Array, target: Target): HTMLElement {
  return h(
    'div',
    {},
    comparedInSize([
      ['hash', displayHash(hash)],
      ['target', shownTarget(target)],
    ]),
    verdict(meetsTarget(hash, target), 'the hash meets the target', 'the hash is above the target'),
  );
}

function shownTarget(target: Target): string {
  return target.toString(16).padStart(64, '0');
}

/** Undefined where the bits stand for no target, or one of zero. */
function targetOf(bits: number): Target | undefined {
  try {
    const target = compactToTarget(bits);
    return target === 0n ? undefined : target;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
