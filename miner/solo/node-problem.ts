/** What can go wrong between a miner and its node, in words that say what to do. */
import { NetworkError } from '../../protocol/node-network.ts';
import { RPC_ERRORS } from '../../protocol/rpc.ts';
import { TemplateError } from '../../protocol/template.ts';
import { RpcCallError, UnreachableError } from '../../service/rpc-client.ts';
import { clockDistance, connectionProblem, type Problem, shownText } from '../problem.ts';
import { closeReasonOf } from '../transport/close-cause.ts';
import { PayeeError } from './payee.ts';

/**
 * The problem behind something that a node did not do.
 * @param place the node as it is shown
 * @throws the error itself when it is none of a node: then it is a bug
 */
export function nodeProblem(error: unknown, place: string): Problem {
  if (error instanceof UnreachableError) return unreachableProblem(error, place);
  if (error instanceof RpcCallError) return refusalProblem(error, place);
  if (error instanceof TemplateError) {
    return { code: 'bad-template', text: `${place} gives no usable work: ${shownText(error.message)}` };
  }
  if (error instanceof NetworkError) {
    return { code: 'unknown-network', text: `${place}: ${shownText(error.message)}` };
  }
  if (error instanceof PayeeError) return { code: 'unauthorized', text: shownText(error.message) };
  throw error;
}

function unreachableProblem(error: UnreachableError, place: string): Problem {
  const words = shownText(error.message);
  switch (error.reason) {
    case 'connection':
      return unreachedProblem(error, place);
    case 'timeout':
      return { code: 'silent', text: `${place} does not answer` };
    case 'unauthorized':
      return {
        code: 'unauthorized',
        text: `${place} refuses the login: give it as gbt+http://USER:PASSWORD@HOST:PORT, or name the node's cookie file with --node-cookie`,
      };
    case 'cookie':
      return { code: 'unauthorized', text: words };
    case 'busy':
      return { code: 'not-ready', text: `${place} has no time: ${words}` };
    case 'answer':
      return notANode(place, words);
  }
}

function unreachedProblem({ cause }: UnreachableError, place: string): Problem {
  const { cause: why, detail } = closeReasonOf(cause instanceof Error ? cause : new Error('no reason given'));
  switch (why) {
    case 'refused': {
      const text = `nothing listens at ${place}: is the node running, and is this the port of its RPC?`;
      return { code: 'connection-refused', text };
    }
    case 'not-tls': {
      const text = `${place} does not speak TLS: give the port of TLS in front of the node, or write gbt+http://`;
      return { code: 'no-tls', text };
    }
    case 'no-websocket':
      return notANode(place, detail ?? '');
    case 'lost':
      return connectionProblem('unreachable', place, detail);
    default:
      return connectionProblem(why, place, detail);
  }
}

function notANode(place: string, words: string): Problem {
  return { code: 'not-a-node', text: `${place} does not answer as a node: ${shownText(words)}` };
}

/** The problem of a template that is dated far from our time. @param aheadSeconds negative if it is behind */
export function nodeTimeProblem(aheadSeconds: number): Problem {
  const text = `the node's template is dated ${clockDistance(aheadSeconds)}: mined as it is, but others may refuse such a block`;
  return { code: 'odd-time', text };
}

/** Codes of a node that will answer later: it starts, catches up with its network, or knows nobody yet. */
const NOT_READY: ReadonlySet<number> = new Set([
  RPC_ERRORS.inWarmup,
  RPC_ERRORS.inInitialDownload,
  RPC_ERRORS.notConnected,
]);

function refusalProblem({ code, message }: RpcCallError, place: string): Problem {
  const words = shownText(message);
  if (NOT_READY.has(code)) return { code: 'not-ready', text: `${place} is not ready: ${words}` };
  if (code === RPC_ERRORS.methodNotFound) {
    return { code: 'not-a-node', text: `${place} lacks a method that mining needs (${words})` };
  }
  return { code: 'node-refused', text: `${place} refuses: ${words} (${code})` };
}
