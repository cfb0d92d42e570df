import type { ShareArithmetic } from './arithmetic.ts';
import type { CheckResult } from './checks.ts';
import type { ReplayedShare } from './replay.ts';

/** How many of the submissions agree with what was recorded. */
export interface ReplaySummary {
  readonly submissions: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly agree: number;
  readonly differ: number;
  /** Nothing was recorded of these, or their job is not in the recording. */
  readonly uncompared: number;
}

export function summaryOf(shares: readonly ReplayedShare[]): ReplaySummary {
  const count = (matches: (share: ReplayedShare) => boolean) => shares.filter(matches).length;
  return {
    submissions: shares.length,
    accepted: count(({ judgement }) => judgement.outcome === 'accepted'),
    rejected: count(({ judgement }) => judgement.outcome === 'rejected'),
    agree: count(({ agrees }) => agrees === true),
    differ: count(({ agrees }) => agrees === false),
    uncompared: count(({ agrees }) => agrees === null),
  };
}

/**
 * The verdicts for people: a line for each submission, the arithmetic of each that was refused or differs.
 * @param explain the arithmetic of all
 */
export function replayText(shares: readonly ReplayedShare[], explain: boolean): string {
  const blocks = shares.map((share, index) => {
    const isOdd = share.judgement.outcome === 'rejected' || share.agrees === false;
    return [headline(share, index), ...(explain || isOdd ? detailsOf(share) : [])].join('\n');
  });
  const { submissions, accepted, rejected, agree, differ, uncompared } = summaryOf(shares);
  const total =
    `${submissions} submissions: ${accepted} accepted, ${rejected} refused; ` +
    `${agree} as recorded, ${differ} not, ${uncompared} with nothing to compare`;
  return [...blocks, total].join('\n');
}

function headline({ line, judgement, agrees, difference }: ReplayedShare, index: number): string {
  const place = line === null ? `submission ${index + 1}` : `line ${line}`;
  const { outcome, reason, message, arithmetic, block, late } = judgement;
  const reached = arithmetic === null ? '' : `, difficulty ${arithmetic.difficulty.reached}`;
  const verdict =
    outcome === 'accepted' ? `accepted${late ? ' (late)' : ''}` : `refused: ${reason}, "${message}"`;
  const same = agrees === null ? '' : agrees ? '; as recorded' : `; DIFFERS: ${difference}`;
  const unknown = agrees === null && difference !== null ? `; ${difference}` : '';
  return `${place}: ${verdict}${reached}${block ? ', a block' : ''}${same}${unknown}`;
}

function detailsOf({ params, judgement }: ReplayedShare): string[] {
  const { arithmetic, checks } = judgement;
  return [
    `  params      ${JSON.stringify(params)}`,
    ...(arithmetic === null ? [] : arithmeticLines(arithmetic)),
    ...checks.filter(({ result }) => result !== 'not reached').map(checkLine),
  ];
}

function checkLine({ check, question, result }: CheckResult): string {
  return `  ${result === 'passed' ? 'passed' : 'FAILED'}      ${check}: ${question}`;
}

function arithmeticLines({ coinbaseParts, coinbaseHash, merkle, header, hash, difficulty }: ShareArithmetic) {
  const [coinbase1, extranonce1, extranonce2, coinbase2] = coinbaseParts;
  const { version } = header;
  return [
    `  coinbase    ${coinbase1} + ${extranonce1} + ${extranonce2} + ${coinbase2}`,
    `  its hash    ${coinbaseHash}`,
    ...merkle.map(({ sibling, node }) => `  merkle      + ${sibling} = ${node}`),
    `  version     job ${version.job}, mask ${version.mask}, bits ${version.bits ?? 'none'} = ${version.rolled}`,
    `  previous    ${header.previous}`,
    `  merkle root ${header.merkleRoot}`,
    `  ntime       ${header.time}`,
    `  nbits       ${header.bits}`,
    `  nonce       ${header.nonce}`,
    `  header      ${header.hex}`,
    `  hash        ${hash}`,
    `  difficulty  ${difficulty.reached} reached, ${difficulty.asked} asked, ${difficulty.network} is a block`,
  ];
}
