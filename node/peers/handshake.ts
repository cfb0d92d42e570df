import {
  type PeerMessageOf,
  PROTOCOL_VERSION,
  SERVICES,
  type VersionPayload,
} from '../../protocol/peer-message.ts';
import type { PeerRule } from './peer-rules.ts';

/**
 * The start of a connection, as a reducer: a state and what arrives give the next state and what to do.
 *
 * The side that opened the connection sends `version` first; the other side answers with its own, so a
 * stranger that speaks something else is told nothing. Each acknowledges the other's with `verack`.
 */
export type Handshake =
  | { readonly stage: 'awaiting-version' }
  | { readonly stage: 'awaiting-verack'; readonly theirs: VersionPayload }
  | { readonly stage: 'complete'; readonly theirs: VersionPayload }
  | { readonly stage: 'failed' };

/** What a connection brings to its handshake. */
export interface HandshakeTerms {
  /** Whether this side opened the connection. */
  readonly opened: boolean;
  /** Whether a node without whole blocks and witnesses is of no use (Core: ExpectServicesFromConn). */
  readonly needsServices: boolean;
  readonly ours: VersionPayload;
  /** Whether a nonce is one that this node has sent on a connection it opened. */
  readonly isOurNonce: (nonce: bigint) => boolean;
}

/** What arrives during a handshake; of any other message only its name matters. */
export type HandshakeMessage =
  | PeerMessageOf<'version' | 'verack'>
  | { readonly type: 'other'; readonly command: string };

export type HandshakeEffect =
  | { readonly type: 'send'; readonly message: PeerMessageOf<'version' | 'verack'> }
  | { readonly type: 'complete'; readonly theirs: VersionPayload }
  /** Allowed and without consequence; counted. */
  | { readonly type: 'ignore'; readonly command: string }
  | { readonly type: 'fail'; readonly rule: PeerRule; readonly detail: string };

export interface HandshakeStep {
  readonly state: Handshake;
  readonly effects: readonly HandshakeEffect[];
}

/** The oldest version that has `pong` and a relay flag (BIP 31, BIP 37), and sends headers. */
export const MIN_PROTOCOL_VERSION = 70_001;
/** What we ask of peers that we chose. */
const NEEDED_SERVICES = SERVICES.network | SERVICES.witness;

/** The state and the effects with which a connection starts. */
export function beginHandshake({ opened, ours }: HandshakeTerms): HandshakeStep {
  const state: Handshake = { stage: 'awaiting-version' };
  return { state, effects: opened ? [sendVersion(ours)] : [] };
}

/** What a message does to a handshake; also to one that is complete, for messages that belong to its start. */
export function advanceHandshake(
  state: Handshake,
  message: HandshakeMessage,
  terms: HandshakeTerms,
): HandshakeStep {
  switch (state.stage) {
    case 'awaiting-version':
      return message.type === 'version'
        ? meet(message, terms)
        : fail('message-before-version', named(message));
    case 'awaiting-verack':
      if (message.type === 'version') return fail('duplicate-version');
      // Bitcoin Core: "Unsupported message prior to verack" is ignored.
      if (message.type === 'other') return ignore(state, message);
      return {
        state: { stage: 'complete', theirs: state.theirs },
        effects: [{ type: 'complete', theirs: state.theirs }],
      };
    case 'complete':
      // Bitcoin Core: "ignoring redundant verack message".
      return message.type === 'version' ? fail('duplicate-version') : ignore(state, message);
    case 'failed':
      return ignore(state, message);
  }
}

function meet(theirs: PeerMessageOf<'version'>, terms: HandshakeTerms): HandshakeStep {
  const { opened, ours, isOurNonce } = terms;
  if (isOurNonce(theirs.nonce)) return fail('self-connection', `nonce ${theirs.nonce}`);
  if (theirs.version < MIN_PROTOCOL_VERSION) {
    return fail('obsolete-version', `version ${theirs.version}, at least ${MIN_PROTOCOL_VERSION} is needed`);
  }
  const missing = NEEDED_SERVICES & ~theirs.services;
  if (terms.needsServices && missing !== 0n) return fail('missing-services', `services ${theirs.services}`);
  const verack: HandshakeEffect = { type: 'send', message: { type: 'verack' } };
  return {
    state: { stage: 'awaiting-verack', theirs },
    effects: opened ? [verack] : [sendVersion(ours), verack],
  };
}

/** The version both sides speak. */
export function agreedVersion(theirs: VersionPayload): number {
  return Math.min(theirs.version, PROTOCOL_VERSION);
}

function sendVersion(ours: VersionPayload): HandshakeEffect {
  return { type: 'send', message: { type: 'version', ...ours } };
}

function ignore(state: Handshake, message: HandshakeMessage): HandshakeStep {
  return { state, effects: [{ type: 'ignore', command: named(message) }] };
}

function fail(rule: PeerRule, detail = ''): HandshakeStep {
  return { state: { stage: 'failed' }, effects: [{ type: 'fail', rule, detail }] };
}

function named(message: HandshakeMessage): string {
  return message.type === 'other' ? message.command : message.type;
}
