/** A real nginx or Caddy on loopback with the example of docs/hosting, its ports and certificates put in. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request as requestPlain } from 'node:http';
import { Agent, request } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { generate } from 'selfsigned';
import { WebSocket } from 'ws';
import { childEnvironment } from './surroundings.ts';

export const PROXIES = ['nginx', 'caddy'] as const;
export type ProxyName = (typeof PROXIES)[number];

/** The sites of the examples. */
export const SITES = {
  explorer: 'explorer.example.org',
  faucet: 'faucet.example.org',
  pool: 'pool.example.org',
} as const;
export type Site = keyof typeof SITES;

const EXAMPLES = new URL('../../docs/hosting/', import.meta.url);
const START_MS = 120_000;

/** For `test(name, { skip })`: false, or why it cannot be tested here. */
export function withoutProxy(name: ProxyName): string | false {
  const asked = spawnSync(name, [name === 'nginx' ? '-v' : 'version']);
  return asked.error !== undefined && `${name} is not installed here`;
}

export interface ProxyAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface AskOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Where the client calls from: any address of 127.0.0.0/8. */
  readonly from?: string;
}

export class FrontProxy {
  readonly #child: ChildProcess;
  readonly #certificate: string;
  readonly tlsPort: number;
  /** Where plain HTTP is answered; Caddy's is off here. */
  readonly plainPort: number;

  private constructor(child: ChildProcess, certificate: string, tlsPort: number, plainPort: number) {
    this.#child = child;
    this.#certificate = certificate;
    this.tlsPort = tlsPort;
    this.plainPort = plainPort;
  }

  /**
   * Starts it in front of the services at these URLs.
   * @param directory for its files
   */
  static async start(
    name: ProxyName,
    directory: string,
    services: Readonly<Record<Site, string>>,
  ): Promise<FrontProxy> {
    const [tlsPort, plainPort] = [await freePort(), await freePort()];
    const certificate = await writeCertificate(directory);
    const example = await readFile(new URL(name === 'nginx' ? 'nginx.conf' : 'Caddyfile', EXAMPLES), 'utf8');
    const placed = example
      .replaceAll('127.0.0.1:5010', new URL(services.explorer).host)
      .replaceAll('127.0.0.1:5020', new URL(services.faucet).host)
      .replaceAll('127.0.0.1:8000', new URL(services.pool).host);
    const child =
      name === 'nginx'
        ? await spawnNginx(placed, directory, { tlsPort, plainPort })
        : await spawnCaddy(placed, directory, tlsPort);
    const proxy = new FrontProxy(child, certificate, tlsPort, plainPort);
    await proxy.#untilUp();
    return proxy;
  }

  ask(site: Site, path: string, { method = 'GET', headers = {}, body, from }: AskOptions = {}) {
    return new Promise<ProxyAnswer>((accept, reject) => {
      const asked = request(
        {
          host: '127.0.0.1',
          port: this.tlsPort,
          path,
          method,
          servername: SITES[site],
          ca: this.#certificate,
          headers: { Host: SITES[site], ...headers },
          agent: new Agent({ keepAlive: false }),
          ...(from !== undefined && { localAddress: from }),
        },
        (answer) => {
          let text = '';
          answer.setEncoding('utf8');
          answer.on('data', (chunk: string) => {
            text += chunk;
          });
          answer.on('end', () =>
            accept({ status: answer.statusCode ?? 0, headers: answer.headers, body: text }),
          );
        },
      );
      asked.on('error', reject);
      asked.end(body);
    });
  }

  /** What plain HTTP is answered with: status, and where it leads. */
  async askPlain(
    site: Site,
    path: string,
  ): Promise<{ status: number | undefined; location: string | undefined }> {
    const asked = requestPlain({
      host: '127.0.0.1',
      port: this.plainPort,
      path,
      headers: { Host: SITES[site] },
    });
    asked.end();
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    answer.resume();
    return { status: answer.statusCode, location: answer.headers.location };
  }

  /** The first message of a WebSocket. */
  async firstMessage(site: Site, path: string): Promise<unknown> {
    const socket = new WebSocket(`wss://127.0.0.1:${this.tlsPort}${path}`, {
      agent: new Agent({ ca: this.#certificate, servername: SITES[site] }),
      headers: { Host: SITES[site] },
    });
    try {
      const [data] = (await once(socket, 'message')) as [Buffer];
      return JSON.parse(String(data));
    } finally {
      socket.terminate();
    }
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
  }

  async #untilUp(): Promise<void> {
    const deadlineMs = performance.now() + START_MS;
    for (;;) {
      try {
        await this.ask('explorer', '/health');
        return;
      } catch (error) {
        if (this.#child.exitCode !== null || performance.now() > deadlineMs) throw error;
        await sleep(50);
      }
    }
  }
}

async function spawnNginx(
  example: string,
  directory: string,
  { tlsPort, plainPort }: { tlsPort: number; plainPort: number },
): Promise<ChildProcess> {
  const sites = example
    .replace(/^\s*listen \[::\].*$/gm, '')
    .replaceAll('listen 443 ', `listen 127.0.0.1:${tlsPort} `)
    .replaceAll('listen 80;', `listen 127.0.0.1:${plainPort};`)
    .replace(/\/etc\/letsencrypt\/live\/[^/]+\/([\w.]+)/g, `"${directory}/$1"`);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path "${directory}/${kind}";`)
    .join(' ');
  const whole = `daemon off; worker_processes 1; pid "${directory}/nginx.pid";
${process.getuid?.() === 0 ? 'user root;' : ''}
events {}
http { access_log off; ${temporary}
${sites}
}`;
  const file = join(directory, 'nginx.conf');
  await writeFile(file, whole);
  return spawn('nginx', ['-c', file, '-p', directory, '-e', join(directory, 'error.log')], {
    env: childEnvironment(),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

async function spawnCaddy(example: string, directory: string, tlsPort: number): Promise<ChildProcess> {
  const tls = `\ttls "${directory}/fullchain.pem" "${directory}/privkey.pem"`;
  const sites = example.replace(/^(\S+\.example\.org) \{$/gm, `https://$1:${tlsPort} {\n${tls}`);
  const general = `{
	admin off
	auto_https disable_redirects
	default_bind 127.0.0.1
	storage file_system "${directory}/caddy"
	log {
		output discard
	}
}
`;
  const file = join(directory, 'Caddyfile');
  await writeFile(file, general + sites);
  return spawn('caddy', ['run', '--config', file, '--adapter', 'caddyfile'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: childEnvironment({ HOME: directory }),
  });
}

/** One certificate for all sites. Returns it. */
async function writeCertificate(directory: string): Promise<string> {
  const altNames = Object.values(SITES).map((value) => ({ type: 2 as const, value }));
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'example.org' }], {
    keyType: 'ec',
    curve: 'P-256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames },
    ],
  });
  await writeFile(join(directory, 'fullchain.pem'), cert);
  await writeFile(join(directory, 'privkey.pem'), key, { mode: 0o600 });
  return cert;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
