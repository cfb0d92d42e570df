/** Which network a node is on, by its own words: of NilzCoin, or of Bitcoin. */
import { type AddressFormat, BITCOIN_FORMATS, encodeAddress } from './address.ts';
import type { PayeeNetwork } from './payout-address.ts';
import type { AddressValidation, BlockchainInfo } from './rpc.ts';
import { p2wpkhScript } from './script.ts';

/** The network a node is on, as far as those who mine have to know it. */
export interface NodeNetwork extends PayeeNetwork {
  /** `dev`, `main`, … of NilzCoin; `bitcoin-main`, `bitcoin-regtest`, … of other nodes. */
  readonly name: string;
  /** The same for all nodes of one network and for no others. */
  readonly identity: string;
  /** Confirmations until a coinbase can be spent. */
  readonly maturity: number;
  /** What the difficulty is steered towards; null where blocks come whenever somebody makes one. */
  readonly blockTimeSeconds: number | null;
  /** Of the path of a wallet's keys (SLIP 44), where the node says it. */
  readonly coinType?: number | undefined;
}

/** Of Bitcoin's networks (COINBASE_MATURITY, nPowTargetSpacing of Bitcoin Core). */
const BITCOIN_MATURITY = 100;
const BITCOIN_BLOCK_SECONDS = 600;

/** A node is on a network that is unknown here, or on another than before. */
export class NetworkError extends Error {
  override readonly name = 'NetworkError';
}

/** Chain names of Bitcoin nodes (bcoin says testnet, Core 28 knows testnet4). */
const BITCOIN_CHAINS: Readonly<Record<string, AddressFormat>> = {
  ...BITCOIN_FORMATS,
  testnet: BITCOIN_FORMATS.test,
  testnet4: BITCOIN_FORMATS.test,
};

/** bcoin writes addresses of its regtest in a way of its own (bcoin, lib/protocol/networks.js). */
const BCOIN_REGTEST: AddressFormat = { hrp: 'rb', p2pkh: 0x3c, p2sh: 0x26 };

/**
 * Tells the network from `getblockchaininfo`.
 * @param genesis hash of block 0 as shown
 * @param regtest how the node writes addresses where the chain is `regtest`
 * @throws NetworkError when the chain's name is unknown
 */
export function networkOf(
  info: BlockchainInfo,
  genesis: string,
  regtest: AddressFormat = BITCOIN_FORMATS.regtest,
): NodeNetwork {
  const { nilzcoin, chain } = info;
  if (nilzcoin !== undefined) {
    const hrp = nilzcoin.address_prefix;
    return {
      name: nilzcoin.network,
      format: hrp === BITCOIN_FORMATS.regtest.hrp ? BITCOIN_FORMATS.regtest : { hrp },
      onlyP2wpkh: true,
      identity: `${nilzcoin.network} ${nilzcoin.magic} ${genesis}`,
      maturity: nilzcoin.maturity,
      blockTimeSeconds: nilzcoin.block_time,
      coinType: nilzcoin.coin_type,
    };
  }
  const format = Object.hasOwn(BITCOIN_CHAINS, chain) ? BITCOIN_CHAINS[chain] : undefined;
  if (format === undefined)
    throw new NetworkError(`the node is on the chain "${chain}", which is unknown here`);
  return {
    name: `bitcoin-${chain}`,
    format: chain === 'regtest' ? regtest : format,
    onlyP2wpkh: false,
    identity: `${chain} ${genesis}`,
    maturity: BITCOIN_MATURITY,
    // A regtest chain never changes its difficulty.
    blockTimeSeconds: chain === 'regtest' ? null : BITCOIN_BLOCK_SECONDS,
  };
}

/** An address of Bitcoin Core's regtest, to be shown to a node on such a chain: bcoin does not know it for its own. */
export const CORE_REGTEST_ADDRESS: string = sampleAddress();

function sampleAddress(): string {
  const address = encodeAddress(p2wpkhScript(new Uint8Array(20)), BITCOIN_FORMATS.regtest);
  if (address === undefined) throw new Error('a P2WPKH script has an address');
  return address;
}

/**
 * How a node on the chain `regtest` writes addresses.
 * @param validation its answer to `validateaddress` with {@link CORE_REGTEST_ADDRESS}; undefined where it cannot tell
 */
export function regtestFormat(validation: AddressValidation | undefined): AddressFormat {
  return validation?.isvalid === false ? BCOIN_REGTEST : BITCOIN_FORMATS.regtest;
}
