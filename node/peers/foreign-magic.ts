import { hexToBytes } from '../../protocol/bytes.ts';
import { magicHex, type NetworkProfile, PROFILES } from '../../protocol/network.ts';

/** First four bytes of others, by what they are. Sources: Bitcoin Core, kernel/chainparams.cpp; BIP 325. */
const BITCOIN_NETWORKS: Readonly<Record<string, string>> = {
  f9beb4d9: 'Bitcoin main',
  '0b110907': 'Bitcoin testnet3',
  '1c163f28': 'Bitcoin testnet4',
  '0a03cf40': 'Bitcoin signet',
};
const HTTP_METHODS = /^(GET |POST|HEAD|PUT |DELE|OPTI|PATC|CONN|TRAC|PRI )$/;
/** A TLS handshake record of any version. */
const TLS = /^1603/;

/**
 * In words, what begins with four bytes that are not our magic.
 * @param hex the four bytes, eight digits
 */
export function describeMagic(hex: string, own: NetworkProfile): string {
  return `${hex} (${meaningOf(hex)}), ours is ${magicHex(own)} (${own.name})`;
}

function meaningOf(hex: string): string {
  const ours = Object.values(PROFILES).find((profile) => magicHex(profile) === hex);
  if (ours !== undefined) return `NilzCoin ${ours.name}`;
  const bitcoin = BITCOIN_NETWORKS[hex];
  if (bitcoin !== undefined) return bitcoin;
  if (HTTP_METHODS.test(String.fromCharCode(...hexToBytes(hex)))) return 'an HTTP request';
  return TLS.test(hex) ? 'a TLS handshake' : 'no network known here';
}
