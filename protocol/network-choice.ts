import { changeProfile, type NetworkProfile, parseProfile, profileByName } from './network.ts';
import { ProfileError } from './profile-error.ts';

/** What the settings of a command say of the network. */
export interface NetworkChoice {
  /** Name of a built-in network, or the JSON file of a private one (`--network`). */
  readonly network: string;
  /** Another T than the network's own, in seconds (`--block-time`). */
  readonly blockTime?: number | undefined;
  /** Another N than the network's own, in blocks (`--retarget-window`). */
  readonly retargetWindow?: number | undefined;
}

/**
 * The network that settings name. Reading its file is left to the caller: there is no I/O in this room.
 * @param readText gives the text of a file
 * @throws ProfileError in one line that names the setting or the file, and what is allowed
 */
export function chooseNetwork(choice: NetworkChoice, readText: (file: string) => string): NetworkProfile {
  const { network, blockTime, retargetWindow } = choice;
  const base = network.endsWith('.json') ? privateNetwork(network, readText) : profileByName(network);
  if (blockTime === undefined && retargetWindow === undefined) return base;
  if (base.name === 'main' || base.name === 'test') {
    const setting = blockTime === undefined ? '--retarget-window' : '--block-time';
    throw new ProfileError(
      `${setting}: ${base.name} is a public network, its rules cannot be changed; use dev`,
    );
  }
  return changeProfile(base, {
    ...(blockTime !== undefined && { blockTimeSeconds: blockTime }),
    ...(retargetWindow !== undefined && { window: retargetWindow }),
  });
}

function privateNetwork(file: string, readText: (file: string) => string): NetworkProfile {
  try {
    return parseProfile(readText(file));
  } catch (error) {
    throw new ProfileError(`--network ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
