import { parseLine, STRATUM_ERRORS, type StratumMessage } from '../../protocol/stratum.ts';
import {
  type ExplainedField,
  explainList,
  type Field,
  headerTime,
  hexBytes,
  networkBits,
  previousHash,
  versionMask,
} from './field.ts';

/** A line in words. */
export interface Explanation {
  /** Request, notification, answer or junk. */
  readonly kind: StratumMessage['kind'];
  /** The method, also of the request that is answered; null where there is none. */
  readonly method: string | null;
  readonly summary: string;
  readonly fields: readonly ExplainedField[];
}

interface MethodWords {
  readonly summary: string;
  readonly params: readonly Field[];
  /** The result, where it has parts. */
  readonly result?: readonly Field[];
}

const USER: Field = ['user', 'ADDRESS or ADDRESS.WORKER that shares are credited to'];

/** What the methods of Stratum V1 say, from either side. */
const METHODS: Readonly<Record<string, MethodWords>> = {
  'mining.subscribe': {
    summary: 'the miner asks for work and names itself',
    params: [
      ['agent', 'what the miner calls itself'],
      ['session', 'id of a former session to go on with'],
    ],
    result: [
      ['subscriptions', 'what the pool will send, each with the id of the session'],
      ['extranonce1', hexBytes('bytes of the coinbase that tell this connection from all others')],
      ['extranonce2_size', 'bytes of the coinbase the miner may vary'],
    ],
  },
  'mining.authorize': {
    summary: 'the miner names a worker',
    params: [USER, ['password', 'proves nothing; may carry a difficulty, d=0.01']],
  },
  'mining.configure': {
    summary: 'the miner asks for extensions (BIP 310)',
    params: [
      ['extensions', 'names of the extensions'],
      ['options', 'their parameters, by extension.parameter'],
    ],
  },
  'mining.submit': {
    summary: 'the miner hands in work',
    params: [
      USER,
      ['job', 'id of the job it was done on'],
      ['extranonce2', hexBytes("the miner's own part of the coinbase")],
      ['ntime', headerTime],
      ['nonce', 'the last four bytes of the header, written big-endian'],
      ['version_bits', 'bits of the version that were rolled (BIP 310); only where that was agreed'],
    ],
  },
  'mining.suggest_difficulty': {
    summary: 'the miner asks for a difficulty',
    params: [['difficulty', 'what its shares should reach']],
  },
  'mining.extranonce.subscribe': {
    summary: 'the miner understands mining.set_extranonce',
    params: [],
  },
  'mining.get_transactions': {
    summary: 'the miner asks for the txids of a job',
    params: [['job', 'id of the job']],
  },
  'mining.ping': { summary: 'the miner asks for a sign of life', params: [] },
  pong: { summary: 'the miner gives a sign of life', params: [] },
  'mining.set_difficulty': {
    summary: 'the pool sets what shares have to reach, from the next job on',
    params: [['difficulty', 'a share of difficulty 1 takes 4,295,032,833 hashes on average']],
  },
  'mining.notify': {
    summary: 'the pool sends a job',
    params: [
      ['job', 'id to name in mining.submit'],
      ['prevhash', previousHash],
      ['coinbase1', hexBytes('the coinbase before the extranonces')],
      ['coinbase2', hexBytes('the coinbase behind the extranonces')],
      [
        'merkle_branch',
        (value) =>
          `hashes beside the coinbase's path up the merkle tree: ${Array.isArray(value) ? value.length : 'no list'}`,
      ],
      ['version', "the header's version, big-endian"],
      ['nbits', networkBits],
      ['ntime', headerTime],
      [
        'clean_jobs',
        (value) =>
          value === true ? 'yes: work on any other job is stale' : 'no: work on jobs before counts',
      ],
    ],
  },
  'mining.set_extranonce': {
    summary: 'the pool gives another part of the search space, from the next job on',
    params: [
      ['extranonce1', hexBytes('bytes of the coinbase that tell this connection from all others')],
      ['extranonce2_size', 'bytes of the coinbase the miner may vary'],
    ],
  },
  'mining.set_version_mask': {
    summary: 'the pool changes which version bits may be rolled',
    params: [['mask', versionMask]],
  },
  'client.reconnect': {
    summary: 'the pool sends the miner elsewhere',
    params: [
      ['host', 'where to; the same place when left out'],
      ['port', 'which port'],
      ['wait', 'seconds to wait before'],
    ],
  },
  'client.show_message': {
    summary: 'the pool has a text for the owner',
    params: [['text', 'to be shown']],
  },
  'client.get_version': { summary: 'the pool asks what the miner runs', params: [] },
};

/** What the error codes of answers mean; 21 stands for a job that is unknown and for one that is stale. */
const CODES: Readonly<Record<number, string>> = {
  [STRATUM_ERRORS.other]: 'other',
  [STRATUM_ERRORS.stale]: 'job not found, or stale',
  [STRATUM_ERRORS.duplicate]: 'duplicate share',
  [STRATUM_ERRORS.lowDifficulty]: 'low difficulty',
  [STRATUM_ERRORS.unauthorized]: 'unauthorized',
  [STRATUM_ERRORS.notSubscribed]: 'not subscribed',
};

/**
 * Explains a line field by field.
 * @param answers the method of the request that the line answers, where it answers one
 */
export function explainLine(line: string, answers?: string): Explanation {
  const message = parseLine(line);
  switch (message.kind) {
    case 'request':
    case 'notification':
      return explainCall(message);
    case 'response':
      return explainAnswer(message, answers);
    case 'garbage':
      return { kind: 'garbage', method: null, summary: `no message: ${message.reason}`, fields: [] };
  }
}

function explainCall(message: Extract<StratumMessage, { kind: 'request' | 'notification' }>): Explanation {
  const { kind, method, params } = message;
  const words = wordsOf(method);
  const id: ExplainedField[] =
    kind === 'request'
      ? [{ name: 'id', value: String(message.id), meaning: 'stands in the answer too' }]
      : [{ name: 'id', value: null, meaning: 'none: wants no answer' }];
  return {
    kind,
    method,
    summary: words?.summary ?? 'a method this pool does not know',
    fields: [...id, ...explainList(params, words?.params ?? [])],
  };
}

function explainAnswer(
  { id, result, error }: Extract<StratumMessage, { kind: 'response' }>,
  method: string | undefined,
): Explanation {
  const fields: ExplainedField[] = [
    { name: 'id', value: id === null ? null : String(id), meaning: 'of the request that is answered' },
  ];
  if (error !== null) {
    const meaning = CODES[error.code] ?? 'a code of its own';
    fields.push(
      { name: 'code', value: error.code, meaning },
      { name: 'message', value: error.message, meaning: 'why' },
    );
    const summary = `${method ?? 'a request'} is refused`;
    return { kind: 'response', method: method ?? null, summary, fields };
  }
  const parts = method === undefined ? undefined : wordsOf(method)?.result;
  const results =
    parts !== undefined && Array.isArray(result)
      ? explainList(result, parts)
      : [{ name: 'result', value: result, meaning: meaningOfResult(result, method) }];
  const summary = `answer to ${method ?? 'a request'}`;
  return { kind: 'response', method: method ?? null, summary, fields: [...fields, ...results] };
}

function meaningOfResult(result: unknown, method: string | undefined): string {
  if (method === 'mining.submit' && result === true) return 'the share is accepted';
  if (method === 'mining.configure') return 'what was switched on, with its parameters';
  if (result === true) return 'done';
  return result === false ? 'refused' : 'the answer';
}

function wordsOf(method: string): MethodWords | undefined {
  return Object.hasOwn(METHODS, method) ? METHODS[method] : undefined;
}
