export type Transport = 'tcp' | 'tls' | 'websocket';

/** What a miner did that its transport forbids. */
export type WireFault = 'closed_long_line' | 'closed_binary_frame' | 'closed_bad_frame' | 'closed_tls';

/**
 * What carries one miner's messages: a TCP or TLS socket with a line for each, or a WebSocket with a text frame
 * for each. Everything that is a rule of Stratum stands above it, once for all transports.
 */
export interface Wire {
  readonly transport: Transport;
  /** The miner's IP address; behind a listed proxy the one the proxy names. */
  readonly address: string;
  /** Its port, as far as it is known. */
  readonly port: number | undefined;
  /** Bytes that were written and have not left this process. */
  readonly backlogBytes: number;
  /** Whether something can still be written. */
  readonly isOpen: boolean;
  readonly isPaused: boolean;
  /** Names who is told; called once, before anything else. */
  listen(listener: WireListener): void;
  /** Sends messages, each ended by a line feed. */
  send(lines: string): void;
  /** Sends one message, ended by a line feed, in bytes that many wires share. */
  broadcast(line: Uint8Array): void;
  /** Reads nothing more, so that the miner has to wait. */
  pause(): void;
  resume(): void;
  /** Lets what was written leave, then closes. */
  end(): void;
  /** Closes at once. */
  destroy(): void;
}

export interface WireListener {
  /** One message, without its end; empty for a sign of life that is none. */
  onLine(line: string): void;
  /** All messages of one read were told. */
  onRead(): void;
  /** The miner broke a rule of the transport. Nothing more is told but the end. */
  onFault(fault: WireFault, reason: string): void;
  /** Told once, when the wire is gone. */
  onClose(): void;
}
