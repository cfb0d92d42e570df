/**
 * What cpuminer 2.5.1 (pooler) sends in getblocktemplate mode, byte for byte, and the block it builds:
 * gbt_work_decode and submit_upstream_work of cpu-miner.c, json_rpc_call of util.c.
 */
import { createHash } from 'node:crypto';
import { openSocket } from '../../service/raw-http.ts';
import type { TestNode } from '../node-kit.ts';

const REQUEST =
  '{"method": "getblocktemplate", "params": [{"capabilities": ["coinbasetxn", "coinbasevalue", "longpoll", "workid"], "rules": ["segwit"]}], "id":0}\r\n';

/** The fields it reads, as the JSON has them. */
export interface CpuminerTemplate {
  readonly height: number;
  readonly version: number;
  readonly previousblockhash: string;
  readonly curtime: number;
  readonly bits: string;
  readonly target: string;
  readonly coinbasevalue: number;
  readonly longpollid: string;
  readonly rules: readonly string[];
  readonly transactions: readonly { readonly data: string; readonly txid: string; readonly hash: string }[];
}

export interface HttpAnswer {
  readonly head: string;
  readonly body: string;
}

/** Sends a request as libcurl does for cpuminer, over a connection of its own. */
export async function sendAsCpuminer({ node }: TestNode, body: string): Promise<HttpAnswer> {
  const { user, password } = node.credentials;
  const socket = await openSocket(
    node.rpcPort,
    'POST / HTTP/1.1\r\n' +
      `Host: 127.0.0.1:${node.rpcPort}\r\n` +
      `Authorization: Basic ${Buffer.from(`${user}:${password}`).toString('base64')}\r\n` +
      'Accept-Encoding: deflate, gzip\r\n' +
      'Content-Type: application/json\r\n' +
      'User-Agent: cpuminer/2.5.1\r\n' +
      'X-Mining-Extensions: midstate\r\n' +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  let text = '';
  for await (const chunk of socket) {
    text += (chunk as Buffer).toString('latin1');
    const length = /content-length: (\d+)/i.exec(text)?.[1];
    const start = text.indexOf('\r\n\r\n');
    if (start >= 0 && length !== undefined && text.length >= start + 4 + Number(length)) break;
  }
  socket.destroy();
  const start = text.indexOf('\r\n\r\n');
  return { head: text.slice(0, start), body: text.slice(start + 4) };
}

/** Asks for work, as it does at the start. */
export async function getWork(node: TestNode): Promise<CpuminerTemplate> {
  return JSON.parse((await sendAsCpuminer(node, REQUEST)).body).result;
}

/** The body of its long poll. */
export function longPollRequest(longpollid: string): string {
  return REQUEST.replace('}], "id":0}', `, "longpollid": "${longpollid}"}], "id":0}`);
}

/** Solves the template and hands the block in; answers the whole JSON-RPC answer. */
export async function submitWork(node: TestNode, template: CpuminerTemplate, script: Uint8Array) {
  const hex = solve(template, script).toString('hex');
  const { body } = await sendAsCpuminer(node, `{"method": "submitblock", "params": ["${hex}"], "id":1}\r\n`);
  return JSON.parse(body);
}

function sha256d(data: Uint8Array): Buffer {
  const once = createHash('sha256').update(data).digest();
  return createHash('sha256').update(once).digest();
}

const reversed = (hex: string): Buffer => Buffer.from(hex, 'hex').reverse();

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

/** Its own loop, over slots 1… so that the coinbase's place stays free for the reserved value. */
function treeRoot(leaves: readonly Buffer[]): Buffer {
  let level = [...leaves];
  while (level.length > 1) {
    if (level.length % 2 === 1) level.push(level.at(-1)!);
    level = Array.from({ length: level.length / 2 }, (_, i) =>
      sha256d(Buffer.concat([level[2 * i]!, level[2 * i + 1]!])),
    );
  }
  return level[0]!;
}

/** BIP 34: OP_1…OP_16 padded with OP_0, else the shortest push. */
function heightScript(height: number): Buffer {
  if (height <= 16) return Buffer.from([height + 0x50, 0x00]);
  const digits: number[] = [];
  for (let n = height; n > 0; n >>= 8) {
    digits.push(n & 0xff);
    if (n < 0x100 && n >= 0x80) digits.push(0);
  }
  return Buffer.from([digits.length, ...digits]);
}

/** The coinbase has a commitment output but no witness: cpuminer never sends one. */
function coinbase(template: CpuminerTemplate, script: Uint8Array): Buffer {
  const wtxids = template.transactions.map(({ hash }) => reversed(hash));
  const root = treeRoot([Buffer.alloc(32), ...wtxids]);
  const commitment = sha256d(Buffer.concat([root, Buffer.alloc(32)]));
  const scriptSig = heightScript(template.height);
  return Buffer.concat([
    u32(1),
    Buffer.from([1]),
    Buffer.alloc(32),
    u32(0xffffffff),
    Buffer.from([scriptSig.length]),
    scriptSig,
    u32(0xffffffff),
    Buffer.from([2]),
    u64(template.coinbasevalue),
    Buffer.from([script.length]),
    script,
    u64(0),
    Buffer.from([38, 0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed]),
    commitment,
    u32(0),
  ]);
}

function solve(template: CpuminerTemplate, script: Uint8Array): Buffer {
  const first = coinbase(template, script);
  const leaves = [sha256d(first), ...template.transactions.map(({ txid }) => reversed(txid))];
  const header = Buffer.concat([
    u32(template.version),
    reversed(template.previousblockhash),
    treeRoot(leaves),
    u32(template.curtime),
    reversed(template.bits),
    u32(0),
  ]);
  const target = BigInt(`0x${template.target}`);
  for (let nonce = 0; ; nonce++) {
    header.writeUInt32LE(nonce, 76);
    if (BigInt(`0x${sha256d(header).reverse().toString('hex')}`) <= target) break;
  }
  const rest = template.transactions.map(({ data }) => Buffer.from(data, 'hex'));
  return Buffer.concat([header, Buffer.from([1 + rest.length]), first, ...rest]);
}
