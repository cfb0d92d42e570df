/** What a connection of the miner says until it is closed, as lines that a test compares. */
import type { Connection, Connector, Endpoint } from '../../miner/transport/connection.ts';

export interface Transcript {
  /** `connected`, `line …` and in the end the cause. */
  readonly said: readonly string[];
  readonly detail: string | undefined;
}

/** Connects, and resolves when the connection is closed. @param onConnected may send, or close it */
export function transcript(
  connector: Connector,
  endpoint: Endpoint,
  onConnected: (connection: Connection) => void = () => {},
): Promise<Transcript> {
  return new Promise((resolve) => {
    const said: string[] = [];
    const connection = connector(endpoint, {
      onConnected: () => {
        said.push('connected');
        onConnected(connection);
      },
      onLine: (line) => said.push(`line ${line}`),
      onClosed: (cause, detail) => resolve({ said: [...said, cause], detail }),
    });
  });
}
