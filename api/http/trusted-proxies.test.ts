import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { systemClock } from '../../operator/index.ts';
import { silentLogger } from '../../operator/telemetry/silent.ts';
import { createApi } from '../create-api.ts';
import { json, route } from '../route.ts';

/** The address that a service is told, of a request over a real connection from 127.0.0.1. */
async function addressTold(
  trustedProxies: number | readonly string[] | undefined,
  header: string | undefined,
): Promise<unknown> {
  const who = route({
    ...{ method: 'get', path: '/api/who', summary: '', access: { type: 'public' } },
    answer: ({ address }) => json(address),
  });
  const app = createApi({
    ...{ controlPlane: {} as never, routes: [who], allowsAnonymous: () => true },
    authenticator: { authenticate: () => Promise.reject(new Error('not asked')) },
    ...{ clock: systemClock, logger: silentLogger, stopping: new AbortController().signal },
    ...(trustedProxies !== undefined && { trustedProxies }),
  });
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const headers = header === undefined ? {} : { 'x-forwarded-for': header };
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/api/who`, { headers });
    return await answer.json();
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const CLIENT = '203.0.113.7';
const SELF = '127.0.0.1';
const cases: readonly {
  readonly name: string;
  readonly trusted?: number | readonly string[];
  readonly header?: string;
  readonly address: string;
}[] = [
  { name: 'nobody is trusted unless it is said', header: CLIENT, address: SELF },
  { name: 'a trusted ingress tells', trusted: ['127.0.0.0/8'], header: CLIENT, address: CLIENT },
  { name: 'a socket that is not trusted', trusted: ['10.0.0.0/8'], header: CLIENT, address: SELF },
  { name: 'no header', trusted: ['127.0.0.0/8'], address: SELF },
  {
    name: 'what a client put in front is passed over',
    ...{ trusted: ['127.0.0.1'], header: `1.1.1.1, 127.0.0.1, ${CLIENT}`, address: CLIENT },
  },
  {
    name: 'several trusted proxies',
    ...{ trusted: ['127.0.0.0/8', '10.0.0.0/8'], header: `9.9.9.9, ${CLIENT}, 10.1.2.3` },
    address: CLIENT,
  },
  { name: 'one hop', trusted: 1, header: `1.1.1.1, ${CLIENT}`, address: CLIENT },
  { name: 'two hops', trusted: 2, header: `1.1.1.1, ${CLIENT}, 10.1.2.3`, address: CLIENT },
  { name: 'IPv6', trusted: ['127.0.0.1'], header: '2001:db8::7', address: '2001:db8::7' },
  ...['', ' ', ',,,', 'unknown', 'localhost', '1.2.3.4.5', `${CLIENT}:80`, '<script>', '-1'].map(
    (header) => ({
      name: `what is no address counts for nothing: ${JSON.stringify(header)}`,
      ...{ trusted: ['127.0.0.1'], header, address: SELF },
    }),
  ),
  {
    name: 'very many addresses',
    ...{ trusted: ['127.0.0.1'], header: `${'1.1.1.1, '.repeat(1_000)}${CLIENT}`, address: CLIENT },
  },
];

describe('the address of a client', () => {
  for (const { name, trusted, header, address } of cases)
    test(name, async () => {
      assert.equal(await addressTold(trusted, header), address);
    });
});
