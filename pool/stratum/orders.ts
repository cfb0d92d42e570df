import { isIP } from 'node:net';
import {
  encodeRequest,
  encodeSetVersionMask,
  parseHexBytes,
  parseHexWord,
  StratumError,
  type StratumResponse,
} from '../../protocol/stratum.ts';
import { EXTRANONCE1_SIZE } from '../jobs/job.ts';
import { type Effect, notification } from './effect.ts';
import {
  askForJob,
  grantedMask,
  isAuthorized,
  type Session,
  type SessionContext,
  showMessage,
} from './session.ts';
import { LEAST_EXTRANONCE2_SIZE } from './share.ts';

/**
 * What an operator may tell one miner, as firmware authors need to provoke it. Each order gives the effects that
 * carry it out, or a text that says why it is not to be given.
 */
export type Order = Effect[] | string;

type OrderOf = (session: Session, params: readonly unknown[], context: SessionContext) => Order;

const ORDERS: Readonly<Record<string, OrderOf>> = {
  'mining.set_extranonce': (session, [extranonce1, size], context) =>
    orderExtranonce(session, readExtranonce1(extranonce1), size, context),
  'mining.set_version_mask': (session, [mask], context) =>
    orderVersionMask(session, parseHexWord(mask, 'mask'), context),
  'client.reconnect': (session, [host, port, waitSeconds]) =>
    orderReconnect(session, host, port, waitSeconds),
  'client.show_message': (session, [text]) => orderMessage(session, text),
  'client.get_version': (session) => orderVersion(session),
};

/** Longest text that is shown: what a small display can do, and what every miner reads into its buffer. */
const MAX_MESSAGE_CHARACTERS = 500;
const LONGEST_WAIT_SECONDS = 3_600;
const MAX_VERSION_CHARACTERS = 128;
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/i;

/** The orders there are. */
export const ORDER_METHODS: readonly string[] = Object.keys(ORDERS);

/**
 * Gives an order by the name and parameters it has on the wire:
 * `mining.set_extranonce [extranonce1?, size?]`, `mining.set_version_mask [mask]`,
 * `client.reconnect [host?, port?, wait?]`, `client.show_message [text]`, `client.get_version []`.
 */
export function order(
  session: Session,
  method: string,
  params: readonly unknown[],
  context: SessionContext,
): Order {
  const give = Object.hasOwn(ORDERS, method) ? ORDERS[method] : undefined;
  if (give === undefined) return `unknown order; there are ${ORDER_METHODS.join(', ')}`;
  if (!isAuthorized(session)) return 'the miner is not authorized: nothing but jobs may be sent to it';
  try {
    return give(session, params, context);
  } catch (error) {
    if (error instanceof StratumError) return error.message;
    throw error;
  }
}

/**
 * Moves a miner to another part of the search space, from its next job on; work under way stays good.
 * @param wanted the new extranonce1, which begins with four bytes nobody else has; undefined takes a free one
 * @param size bytes of extranonce2: together with extranonce1 it must fill the place that jobs have for both
 */
function orderExtranonce(
  session: Session,
  wanted: Uint8Array | undefined,
  size: unknown,
  context: SessionContext,
): Order {
  const { subscription } = session;
  if (!session.takesExtranonce || subscription === undefined) {
    return 'the miner has not asked for mining.set_extranonce';
  }
  const { extranonce1, extranonce2Size } = subscription.extranonce;
  const room = extranonce1.length + extranonce2Size;
  const length = wanted?.length ?? EXTRANONCE1_SIZE;
  if (length < EXTRANONCE1_SIZE || length > room - LEAST_EXTRANONCE2_SIZE) {
    return `extranonce1 has ${length} bytes; it may have ${EXTRANONCE1_SIZE} to ${room - LEAST_EXTRANONCE2_SIZE}`;
  }
  if (size !== undefined && size !== room - length) {
    return `size must be ${room - length}: with extranonce1 it fills the ${room} bytes of a job`;
  }
  const taken = context.registry.exchange(session, wanted);
  if (taken === undefined) return 'this extranonce1 belongs to another connection, or is outside our range';
  const extranonce = { extranonce1: taken, extranonce2Size: room - taken.length };
  session.subscription = { ...subscription, extranonce };
  context.registry.keep(session);
  return askForJob(session, context);
}

/** Gives other version bits to roll. They hold at once (BIP 310); work rolled with the former ones still counts. */
function orderVersionMask(session: Session, mask: number, context: SessionContext): Order {
  const { rolling } = session;
  if (rolling === undefined) return 'the miner has not configured version-rolling';
  const granted = (grantedMask(mask) & rolling.able) >>> 0;
  session.rolling = { ...rolling, mask: granted };
  return [{ type: 'send', line: encodeSetVersionMask(granted) }, ...askForJob(session, context)];
}

/** Sends a miner elsewhere. Many follow only within the domain they were configured with, or only to the port. */
function orderReconnect(_session: Session, host: unknown, port: unknown, waitSeconds: unknown): Order {
  if (host === undefined) {
    return port === undefined && waitSeconds === undefined
      ? [notification('client.reconnect', [])]
      : 'host is missing';
  }
  if (typeof host !== 'string' || !(HOST_NAME.test(host) || isIP(host) !== 0)) {
    return 'host is not a host name or IP address';
  }
  if (!isWhole(port, 1, 65_535)) return 'port is not a whole number from 1 to 65535';
  if (waitSeconds !== undefined && !isWhole(waitSeconds, 0, LONGEST_WAIT_SECONDS)) {
    return `wait is not a whole number of seconds from 0 to ${LONGEST_WAIT_SECONDS}`;
  }
  // As text, since some miners take a port that is a number for none.
  return [notification('client.reconnect', [host, String(port), waitSeconds ?? 0])];
}

function orderMessage(session: Session, text: unknown): Order {
  if (typeof text !== 'string' || text === '' || text.length > MAX_MESSAGE_CHARACTERS) {
    return `text is not a string of 1 to ${MAX_MESSAGE_CHARACTERS} characters`;
  }
  return showMessage(session, text);
}

/** Asks what the miner runs; the answer stands in `session.asked.version` when it comes. */
function orderVersion({ asked }: Session): Order {
  asked.id += 1;
  return [{ type: 'send', line: encodeRequest(asked.id, 'client.get_version', []) }];
}

/** Takes in the answer to the last `client.get_version`; any other is none of ours. */
export function hearAnswer({ asked }: Session, { id, result }: StratumResponse): void {
  if (asked.id === 0 || id !== asked.id || typeof result !== 'string') return;
  asked.version = result.slice(0, MAX_VERSION_CHARACTERS);
}

function readExtranonce1(value: unknown): Uint8Array | undefined {
  return value === undefined ? undefined : parseHexBytes(value, 'extranonce1');
}

function isWhole(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}
