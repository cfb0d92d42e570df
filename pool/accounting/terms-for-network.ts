import type { Logger } from '../../service/log.ts';
import { NetworkError, type NodeNetwork } from '../nodes/node-network.ts';
import { type Fee, parseFee, type Scheme, type Terms } from './scheme.ts';

/** What an operator asks for; the scheme may be left to the network. */
export interface WantedTerms {
  readonly scheme?: Scheme | undefined;
  readonly fee: Fee;
}

const NO_FEE: WantedTerms = { fee: parseFee('0') };

/**
 * How rewards are divided on a network: as asked, else `pplns`. To pay others, the operator's wallet needs a node
 * with an address index, which only ours have: in front of any other node there is only `solo`.
 * @throws NetworkError when the scheme asked for cannot be had there
 */
export function termsFor(
  { scheme, fee }: WantedTerms = NO_FEE,
  { name, onlyP2wpkh: isOurs }: NodeNetwork,
  log: Logger,
): Terms {
  if (isOurs || scheme === 'solo') return { scheme: scheme ?? 'pplns', fee };
  if (scheme !== undefined) {
    throw new NetworkError(
      `--scheme ${scheme} needs a NilzCoin node, since payouts need its address index; on "${name}" only ` +
        '--scheme solo is possible: there the coinbase pays the finder',
    );
  }
  log.warn(
    `on "${name}" blocks are paid to their finder (solo): other schemes need a node with an address index`,
  );
  return { scheme: 'solo', fee };
}
