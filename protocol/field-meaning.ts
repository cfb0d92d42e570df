/**
 * What every field of the wire formats means, and the clause that says so. The keys are the kinds of
 * `layout.ts`: a structure's name and the field, whatever the structure stands in.
 */

/** What a field is about, for those who sort fields by colour. */
export type FieldSort = 'version' | 'reference' | 'time' | 'work' | 'size' | 'amount' | 'script' | 'witness';

export interface FieldMeaning {
  readonly sort: FieldSort;
  /** One or two sentences. */
  readonly says: string;
  /** Where it is defined. */
  readonly source: string;
}

/** In the order in which they are explained. */
export const FIELD_SORTS: Readonly<Record<FieldSort, string>> = {
  version: 'version, marks',
  reference: 'hash or place of something else',
  time: 'time, order',
  work: 'proof of work',
  size: 'count, length',
  amount: 'amount',
  script: 'script',
  witness: 'witness',
};

const BLOCKS = 'Bitcoin developer reference, Block chain';
const TRANSACTIONS = 'Bitcoin developer reference, Transactions';
const NETWORK = 'Bitcoin developer reference, P2P network';

const field = (sort: FieldSort, says: string, source: string): FieldMeaning => ({ sort, says, source });

const COUNT = field(
  'size',
  'How many follow. CompactSize: up to 252 in one byte; 253, 254 or 255 says that two, four or eight bytes hold the number. The shortest form is the only one allowed.',
  `${TRANSACTIONS}: CompactSize unsigned integers`,
);
const LENGTH = field(
  'size',
  'How many bytes follow, as CompactSize: up to 252 in one byte, more in three, five or nine.',
  `${TRANSACTIONS}: CompactSize unsigned integers`,
);

const MEANINGS: Readonly<Record<string, FieldMeaning>> = {
  block: field(
    'reference',
    'A header, and the transactions its merkle root stands for.',
    `${BLOCKS}: Serialized blocks`,
  ),
  'block.header': field(
    'reference',
    'The 80 bytes that are hashed until the hash is small enough. They stand for the whole block.',
    `${BLOCKS}: Block headers`,
  ),
  'block.transactions': field(
    'reference',
    'All transactions, the coinbase first. Their order is that of the leaves of the merkle tree.',
    `${BLOCKS}: Serialized blocks`,
  ),
  'block.transactions[]': field(
    'reference',
    'One transaction. The first of a block is its coinbase, which pays the miner.',
    `${TRANSACTIONS}: Raw transaction format; Coinbase input`,
  ),

  header: field(
    'reference',
    'The 80 bytes that are hashed until the hash is small enough: six fields.',
    `${BLOCKS}: Block headers`,
  ),
  'header.version': field(
    'version',
    'At least 4. The bits below the top three signal readiness for changes of the rules; sixteen of them are free for miners to roll.',
    'BIP 9; BIP 320; BIP 34, 65 and 66 for the 4',
  ),
  'header.previous': field(
    'reference',
    'Hash of the header before this one. It is what makes blocks a chain: to change a block is to change every hash after it.',
    `${BLOCKS}: Block headers`,
  ),
  'header.merkleRoot': field(
    'reference',
    'Root of the tree of hashes over all transactions. No transaction can change, come or go without changing it.',
    `${BLOCKS}: Merkle trees`,
  ),
  'header.time': field(
    'time',
    'When the miner says it was: seconds since 1970. Later than the median of the eleven blocks before, and not far ahead of the clock.',
    'BIP 113; Bitcoin Core, ContextualCheckBlockHeader',
  ),
  'header.bits': field(
    'work',
    'The target in short: one byte of exponent over three of mantissa. The hash, as a number, must not be above it.',
    `${BLOCKS}: Target nBits; Bitcoin Core, arith_uint256::SetCompact`,
  ),
  'header.nonce': field(
    'work',
    'What miners change from try to try. It means nothing else.',
    `${BLOCKS}: Block headers`,
  ),

  transaction: field(
    'reference',
    'Coins that are spent, and coins that are made of them.',
    `${TRANSACTIONS}: Raw transaction format; BIP 144`,
  ),
  'transaction.version': field(
    'version',
    'From 2 on, sequences of inputs may hold relative lock times.',
    'BIP 68',
  ),
  'transaction.marker': field(
    'version',
    'A zero where the number of inputs would stand, which no transaction has: witnesses come after the outputs.',
    'BIP 144',
  ),
  'transaction.flag': field('version', 'What the marker announces: 1 for witnesses.', 'BIP 144'),
  'transaction.inputs': field(
    'reference',
    'The coins that are spent, each named by the output that made it.',
    `${TRANSACTIONS}: Raw transaction format`,
  ),
  'transaction.inputs[]': field(
    'reference',
    'One coin that is spent. Its signature stands in the witness, further down.',
    `${TRANSACTIONS}: TxIn`,
  ),
  'transaction.outputs': field(
    'amount',
    'The coins that are made. What they are worth less than the inputs is the fee.',
    `${TRANSACTIONS}: Raw transaction format`,
  ),
  'transaction.outputs[]': field(
    'amount',
    'One coin: what it is worth, and who may spend it.',
    `${TRANSACTIONS}: TxOut`,
  ),
  'transaction.witnesses': field(
    'witness',
    'One stack for every input, in their order, without a count. The txid leaves them out, so nobody can change it by changing a signature.',
    'BIP 141; BIP 144',
  ),
  'transaction.witnesses[]': field(
    'witness',
    'What the input at this place shows to be allowed to spend its coin: for a key, a signature and the public key.',
    'BIP 141',
  ),
  'transaction.witnesses[][]': field(
    'witness',
    'One item of the stack: first the signature with its hash type, then the public key. In a coinbase, the reserved value of the witness commitment.',
    'BIP 141; BIP 66 for the form of a signature',
  ),
  'transaction.lockTime': field(
    'time',
    'The transaction is not valid in a block before this: a height below 500,000,000, else a time. Zero: valid at once.',
    `${TRANSACTIONS}: Locktime and sequence number; BIP 113`,
  ),

  'input.previous': field(
    'reference',
    'Which coin is spent: a transaction and one of its outputs.',
    `${TRANSACTIONS}: Outpoint`,
  ),
  'input.scriptSig': field(
    'script',
    'Empty where a witness does its work. In a coinbase, the height of the block and whatever the miner likes: extranonce, name, a sentence.',
    'BIP 141; BIP 34 for the height',
  ),
  'input.sequence': field(
    'time',
    'ffffffff: final. Lower values let the lock time count, and in version 2 may say how old the coin has to be.',
    'BIP 68; BIP 125',
  ),
  'outpoint.txid': field(
    'reference',
    'The transaction that made the coin, its hash as it is inside: people read it from the back. Zeros in a coinbase.',
    `${TRANSACTIONS}: Outpoint`,
  ),
  'outpoint.index': field(
    'reference',
    'Which of its outputs, from 0. ffffffff in a coinbase.',
    `${TRANSACTIONS}: Outpoint`,
  ),
  'output.value': field(
    'amount',
    'What the coin is worth, in nits: a hundred million are one NILZ.',
    `${TRANSACTIONS}: TxOut; Bitcoin Core, MoneyRange`,
  ),
  'output.script': field(
    'script',
    'Who may spend the coin. 0014 and twenty bytes: the holder of the key that hashes to them. 6a (OP_RETURN): nobody, the rest is a note.',
    'BIP 141, Witness program; Bitcoin Core, Solver',
  ),

  preimage: field('reference', 'What a signature signs is the hash of these bytes.', 'BIP 143'),
  'preimage.version': field('version', 'Version of the transaction.', 'BIP 143, item 1'),
  'preimage.previousHash': field(
    'reference',
    'hashPrevouts: SHA-256d of the outpoints of all inputs. Zeros when the hash type has ANYONECANPAY.',
    'BIP 143, item 2',
  ),
  'preimage.sequenceHash': field(
    'time',
    'hashSequence: SHA-256d of the sequences of all inputs. Zeros with ANYONECANPAY, NONE and SINGLE.',
    'BIP 143, item 3',
  ),
  'preimage.previous': field('reference', 'The coin that is spent here.', 'BIP 143, item 4'),
  'preimage.scriptCode': field(
    'script',
    'The script that the key hash stands for: DUP HASH160, the key hash, EQUALVERIFY CHECKSIG.',
    'BIP 143, item 5',
  ),
  'preimage.value': field(
    'amount',
    'What the coin is worth. A signer who is lied to about it makes a signature that is not valid, and loses nothing.',
    'BIP 143, item 6',
  ),
  'preimage.sequence': field('time', 'Sequence of this input.', 'BIP 143, item 7'),
  'preimage.outputsHash': field(
    'reference',
    'hashOutputs: SHA-256d of all outputs; with SINGLE of the one beside the input; zeros with NONE.',
    'BIP 143, item 8',
  ),
  'preimage.lockTime': field('time', 'Lock time of the transaction.', 'BIP 143, item 9'),
  'preimage.type': field(
    'version',
    'Hash type: what the signature covers. 01, ALL: every input and every output.',
    'BIP 143, item 10',
  ),

  message: field(
    'reference',
    'A message between two nodes: 24 bytes of frame, then what it says.',
    `${NETWORK}: Message headers`,
  ),
  'message.magic': field(
    'version',
    'Which network: nodes of another one break off here.',
    `${NETWORK}: Message headers`,
  ),
  'message.command': field(
    'version',
    'What the message is, filled up with zeros to twelve bytes.',
    `${NETWORK}: Message headers`,
  ),
  'message.length': field('size', 'Bytes of the payload.', `${NETWORK}: Message headers`),
  'message.checksum': field(
    'reference',
    'The first four bytes of SHA-256d of the payload, against errors on the way.',
    `${NETWORK}: Message headers`,
  ),
  'message.payload': field('reference', 'What the message says.', `${NETWORK}: Message headers`),

  'version message.version': field(
    'version',
    'Version of the protocol the sender speaks.',
    `${NETWORK}: Version`,
  ),
  'version message.services': field(
    'version',
    'What the sender offers, a bit each: 0 whole blocks, 3 witnesses.',
    `${NETWORK}: Version; BIP 144`,
  ),
  'version message.timeSeconds': field(
    'time',
    "The sender's clock, seconds since 1970.",
    `${NETWORK}: Version`,
  ),
  'version message.receiver': field(
    'reference',
    'Whom the sender believes to talk to.',
    `${NETWORK}: Version`,
  ),
  'version message.sender': field(
    'reference',
    'Where the sender is; today always zeros.',
    `${NETWORK}: Version`,
  ),
  'version message.nonce': field(
    'work',
    'A random number: who receives its own talks to itself.',
    `${NETWORK}: Version`,
  ),
  'version message.userAgent': field('script', 'What the sender calls itself.', 'BIP 14'),
  'version message.startHeight': field(
    'reference',
    "Height of the sender's best block.",
    `${NETWORK}: Version`,
  ),
  'version message.relay': field('version', 'Whether the sender wants to hear of transactions.', 'BIP 37'),
  'network address.services': field('version', 'What is offered there, a bit each.', `${NETWORK}: Version`),
  'network address.ip': field(
    'reference',
    'Address, sixteen bytes; one of IPv4 after ten zeros and ffff.',
    `${NETWORK}: Version`,
  ),
  'network address.port': field('reference', 'Port, the high byte first.', `${NETWORK}: Version`),
  'ping message.nonce': field('work', 'A random number that the answer repeats.', 'BIP 31'),
  'addr message.addresses': field('reference', 'Where other nodes are.', `${NETWORK}: Addr`),
  'addr message.addresses[]': field(
    'reference',
    'One node and when it was last heard of.',
    `${NETWORK}: Addr`,
  ),
  'timed address.lastSeenSeconds': field(
    'time',
    'When it was last seen, seconds since 1970.',
    `${NETWORK}: Addr`,
  ),
  'timed address.services': field('version', 'What is offered there, a bit each.', `${NETWORK}: Addr`),
  'timed address.ip': field(
    'reference',
    'Address, sixteen bytes; one of IPv4 after ten zeros and ffff.',
    `${NETWORK}: Addr`,
  ),
  'timed address.port': field('reference', 'Port, the high byte first.', `${NETWORK}: Addr`),
  'feefilter message.rate': field(
    'amount',
    'Transactions that pay less, in nits per 1,000 vB, are not wanted.',
    'BIP 133',
  ),
  'locator message.version': field(
    'version',
    'Version of the protocol the sender speaks.',
    `${NETWORK}: GetHeaders`,
  ),
  'locator message.locator': field(
    'reference',
    "Hashes of the sender's chain from its tip back, ever farther apart: the first that is known is where the answer begins.",
    `${NETWORK}: GetHeaders`,
  ),
  'locator message.locator[]': field('reference', 'Hash of one block.', `${NETWORK}: GetHeaders`),
  'locator message.stop': field(
    'reference',
    'Last hash wanted; zeros: as many as may be sent.',
    `${NETWORK}: GetHeaders`,
  ),
  'headers message.headers': field(
    'reference',
    'Headers, each with a zero for its transactions.',
    `${NETWORK}: Headers`,
  ),
  'headers message.headers[]': field('reference', 'A block without its transactions.', `${NETWORK}: Headers`),
  'bare block.header': field('reference', 'The 80 bytes of the header.', `${BLOCKS}: Block headers`),
  'bare block.transactions': field(
    'size',
    'How many transactions follow: always none.',
    `${NETWORK}: Headers`,
  ),
  'inventory message.items': field('reference', 'What the sender has, wants or has not.', `${NETWORK}: Inv`),
  'inventory message.items[]': field('reference', 'One block or transaction.', `${NETWORK}: Data messages`),
  'inventory.kind': field(
    'version',
    '1 a transaction, 2 a block; with bit 30 they are wanted with witnesses.',
    `${NETWORK}: Data messages; BIP 144`,
  ),
  'inventory.hash': field('reference', 'Hash of the block, or the txid.', `${NETWORK}: Data messages`),
  'tx message.transaction': field('reference', 'One transaction that was asked for.', `${NETWORK}: Tx`),
};

/** What a span of a kind means; undefined for a kind that nothing is declared by. */
export function meaningOf(kind: string): FieldMeaning | undefined {
  if (Object.hasOwn(MEANINGS, kind)) return MEANINGS[kind];
  const [, whole = '', part] = /^(.+)\.(count|length|bytes)$/.exec(kind) ?? [];
  const meaning = part === undefined ? undefined : meaningOf(whole);
  if (meaning === undefined || part === 'bytes') return meaning;
  return part === 'count' ? COUNT : LENGTH;
}
