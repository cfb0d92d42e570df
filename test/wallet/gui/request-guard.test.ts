import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HttpError } from '../../../service/http.ts';
import { type GuardedRequest, ownHosts, requireOwnPage } from '../../../wallet/gui/request-guard.ts';

const HOST = '127.0.0.1:5030';
const ORIGIN = `http://${HOST}`;
const HOSTS = ownHosts(5030);

interface Sent {
  readonly method?: string;
  readonly url?: string;
  /** By name as sent; a list stands for several lines. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
}

function request({ method = 'POST', url = '/api/state', headers = {} }: Sent): GuardedRequest {
  const lines = Object.entries({ host: HOST, ...headers }).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((each) => [name, each] as const),
  );
  return {
    method,
    url,
    // Node keeps the first of several lines of these names.
    headers: Object.fromEntries([...lines].reverse()),
    rawHeaders: lines.flat(),
  };
}

function isRefused(sent: Sent): boolean {
  try {
    requireOwnPage(request(sent), HOSTS);
    return false;
  } catch (error) {
    assert.ok(error instanceof HttpError);
    assert.equal(error.status, 403);
    assert.equal(error.details.code, 'forbidden');
    return true;
  }
}

const OWN = { origin: ORIGIN, 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' };
const NAVIGATION = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };

describe('the guard of the page lets through', () => {
  const allowed: Readonly<Record<string, Sent>> = {
    'a question of the own page': { headers: OWN },
    'a question of a program that names the origin and sends no fetch metadata': {
      headers: { origin: ORIGIN },
    },
    'the own page under localhost': {
      headers: { ...OWN, host: 'localhost:5030', origin: 'http://localhost:5030' },
    },
    'the own page under the IPv6 loopback': {
      headers: { ...OWN, host: '[::1]:5030', origin: 'http://[::1]:5030' },
    },
    'an asset of the own page': {
      method: 'GET',
      url: '/assets/wallet.js',
      headers: { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' },
    },
    'a person who types the address': {
      method: 'GET',
      url: '/',
      headers: { 'sec-fetch-site': 'none', ...NAVIGATION },
    },
    'a person who comes from the landing page, which is of the same site': {
      method: 'GET',
      url: '/',
      headers: { 'sec-fetch-site': 'same-site', ...NAVIGATION },
    },
    'a person who follows a link elsewhere': {
      method: 'GET',
      url: '/',
      headers: { 'sec-fetch-site': 'cross-site', ...NAVIGATION },
    },
    'the live feed of the own page': {
      method: 'GET',
      url: '/live',
      headers: { origin: ORIGIN, upgrade: 'websocket', 'sec-fetch-site': 'same-origin' },
    },
  };
  for (const [name, sent] of Object.entries(allowed)) {
    test(name, () => assert.equal(isRefused(sent), false));
  }
});

describe('the guard of the page refuses', () => {
  const refused: Readonly<Record<string, Sent>> = {
    'another name that leads here (DNS rebinding)': {
      headers: { ...OWN, host: 'evil.example:5030', origin: 'http://evil.example:5030' },
    },
    'a rebound name that asks for the page itself': {
      method: 'GET',
      url: '/',
      headers: { host: 'evil.example:5030', 'sec-fetch-site': 'none', ...NAVIGATION },
    },
    'the own address with another port': { headers: { ...OWN, host: '127.0.0.1:5020' } },
    'the own address without a port': { headers: { ...OWN, host: '127.0.0.1' } },
    'another loopback address': { headers: { ...OWN, host: '127.0.0.2:5030' } },
    'a name that only begins like ours': { headers: { ...OWN, host: 'localhost.evil.example:5030' } },
    'a name that only ends like ours': { headers: { ...OWN, host: 'evil-localhost:5030' } },
    'a request without a host': { headers: { ...OWN, host: undefined } },
    'a request with an empty host': { headers: { ...OWN, host: '' } },
    'a request with two hosts': { headers: { ...OWN, host: [HOST, 'evil.example'] } },
    'a request with the same host twice': { headers: { ...OWN, host: [HOST, HOST] } },
    'a target with a host of its own': { url: 'http://evil.example/api/state', headers: OWN },
    'a target that is no path': { method: 'OPTIONS', url: '*', headers: OWN },
    'a question of another site': {
      headers: { ...OWN, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    },
    'a question of another site from a browser that tells no fetch metadata': {
      headers: { origin: 'https://evil.example' },
    },
    'a question of another port of this machine': {
      headers: { ...OWN, origin: 'http://127.0.0.1:5080', 'sec-fetch-site': 'same-site' },
    },
    'a question of the same name over https': { headers: { ...OWN, origin: `https://${HOST}` } },
    'a question of a frame without an origin': { headers: { ...OWN, origin: 'null' } },
    'a question that names no origin': { headers: { 'sec-fetch-site': 'same-origin' } },
    'a question whose origin is another of our names than the host': {
      headers: { ...OWN, origin: 'http://localhost:5030' },
    },
    'the own origin sent from another site': { headers: { ...OWN, 'sec-fetch-site': 'cross-site' } },
    'fetch metadata of an unknown kind': { headers: { ...OWN, 'sec-fetch-site': 'neighbour' } },
    'a form of another site that is posted as a navigation': {
      headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', ...NAVIGATION },
    },
    'a frame of another site': {
      method: 'GET',
      url: '/',
      headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
    },
    'a script of ours in a page of another site': {
      method: 'GET',
      url: '/assets/wallet.js',
      headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' },
    },
    'a read of another site with its origin': {
      method: 'GET',
      url: '/',
      headers: { origin: 'https://evil.example' },
    },
    'the live feed for another site': {
      method: 'GET',
      url: '/live',
      headers: { origin: 'https://evil.example', upgrade: 'websocket' },
    },
    'the live feed without an origin': { method: 'GET', url: '/live', headers: { upgrade: 'websocket' } },
    'a preflight of another site': {
      method: 'OPTIONS',
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    },
  };
  for (const [name, sent] of Object.entries(refused)) {
    test(name, () => assert.equal(isRefused(sent), true));
  }
});
